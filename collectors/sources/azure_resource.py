"""Azure resource logs (diagnostic settings): Key Vault, Application Gateway, Front Door, Firewall, storage and others.

Form: one object with `time`, `resourceId`, `category`, `operationName` and `properties`, alone or in
`{"records": [...]}`. Format: Microsoft Learn, "Common and service-specific schemas for Azure resource logs". Field
names: Elastic's `azure.application_gateway`, `azure.firewall_logs`, `azure.frontdoor` and `azure.platformlogs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.azure_firewall import read_firewall
from collectors.cloud.azure_web import read_web
from collectors.cloud.documents import Document, text_document
from collectors.cloud.ends import put_count
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, put_source, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.tls import put_tls
from collectors.source import Options
from collectors.web.request import read_target
from engine.events import Fields

_STAMPS = ("time", "timeStamp", "timestamp")
_NOT_OURS = frozenset(  # the activity log's; its source reads them
    (
        *("administrative", "security", "servicehealth", "alert", "recommendation", "policy", "autoscale"),
        *("resourcehealth", "action", "write", "delete"),
    )
)
_VERBS = (  # how an operation's name ends or begins, in a key vault or a storage account
    (("delete", "purge"), "deletion"),
    (("create", "import", "restore", "generate"), "creation"),
    (("set", "update", "put", "write", "rotate", "patch", "append"), "change"),
)
_CATEGORIES = (  # what a resource's path holds -> categories
    ("/microsoft.keyvault/", ("database",)),
    ("/microsoft.storage/", ("network", "file")),
    ("/microsoft.dbfor", ("database",)),
    ("/microsoft.sql/", ("database",)),
)
_SERVICES = (
    ("/microsoft.keyvault/", "Azure Key Vault"),
    ("/applicationgateways/", "Azure Application Gateway"),
    ("/azurefirewalls/", "Azure Firewall"),
    ("/frontdoors/", "Azure Front Door"),
    ("/microsoft.cdn/", "Azure Front Door"),
)
_REFUSED = frozenset({401, 403})
_LEFT = frozenset({"properties", "time", "timeStamp", "timestamp", "resourceId", "identity"})


def _owns(document: Mapping[str, Json]) -> bool:
    resource, category = document.get("resourceId"), document.get("category")
    if not isinstance(resource, str) or not isinstance(category, str) or category.lower() in _NOT_OURS:
        return False
    has_operation = "operationName" in document or isinstance(document.get("properties"), dict | str)
    return (
        resource.lower().startswith("/subscriptions/")
        and has_operation
        and any(name in document for name in _STAMPS)
        and not category.lower().startswith(("kube-audit", "networksecuritygroupflow", "flowlogflow"))
    )


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any category."""
    moment = next((found for name in _STAMPS if (found := to_instant(document.get(name), options.zone))), None)
    if moment is not None:
        fields["@timestamp"] = moment
    properties = document.get("properties")
    details = text_document(properties) if isinstance(properties, str) else properties
    details = details if isinstance(details, dict) else {}
    fields["cloud.provider"] = "azure"
    _read_resource(text(document.get("resourceId")), fields)
    put_text("log.level", document.get("level") or document.get("Level"), fields)
    category = text(document.get("category")).lower()
    prefix = "azure.platformlogs."
    if category.startswith(("applicationgateway", "frontdoor", "webapplicationfirewall")):
        read_web(document, details, fields)
        prefix = "azure.application_gateway." if category.startswith("applicationgateway") else "azure.frontdoor."
    elif category.startswith(("azurefirewall", "azfw")):
        read_firewall(details, fields)
        prefix = "azure.firewall."
    else:
        _read_call(document, details, fields)
    fields["event.dataset"] = prefix.rstrip(".").replace("azure.firewall", "azure.firewall_logs")
    spread(prefix, document, fields, snaked=True, skip=_LEFT)
    spread(prefix + "properties.", details, fields, snaked=True)
    identity = inner(document, "identity")
    spread(
        prefix + "identity.", {key.rpartition("/")[2]: value for key, value in identity.items()}, fields, snaked=True
    )


def _read_resource(resource: str, fields: Fields) -> None:
    parts = resource.split("/")
    put_text("azure.resource.id", resource, fields)
    if len(parts) > 2:
        put_text("cloud.account.id", parts[2], fields)
    put_text("observer.name", parts[-1], fields)
    put_text("cloud.service.name", next((name for part, name in _SERVICES if part in resource.lower()), ""), fields)
    fields["observer.vendor"] = "Azure"


def _read_call(document: Document, details: Document, fields: Fields) -> None:
    """Read a call of a service: who asked a vault, a storage account or a database for what, and the answer."""
    operation = text(details.get("event_subclass")) or text(document.get("operationName"))  # MySQL's says what was done
    put_text("event.action", operation, fields)
    resource = text(document.get("resourceId")).lower()
    found = next((names for part, names in _CATEGORIES if part in resource), ())
    fields["event.category"] = list(found)
    low = operation.lower()
    kinds = [kind for words, kind in _VERBS if low.endswith(words) or low.startswith(words)][:1]
    fields["event.type"] = ["access", *kinds]
    put_source(document.get("callerIpAddress") or details.get("ip") or details.get("clientIp"), fields, names=False)
    _read_identity(document, details, fields)
    put_text("user_agent.original", details.get("clientInfo") or details.get("userAgentHeader"), fields)
    if uri := first(details, ("requestUri",)) or text(document.get("uri")):
        read_target(uri, fields)
        fields["url.full"] = uri
        fields.setdefault("url.port", 443 if fields.get("url.scheme") == "https" else 80)
    put_count(fields, "http.response.status_code", details.get("httpStatusCode") or document.get("statusCode"))
    put_tls(text(details.get("tlsVersion")).replace("_", "."), fields)
    put_text("event.reason", document.get("resultDescription") or document.get("statusText"), fields)
    put_text("event.provider", document.get("resourceType"), fields)
    put_text("cloud.region", document.get("location"), fields)
    put_text("cloud.service.name", details.get("serviceType"), fields)
    _read_outcome(document, fields)


def _read_identity(document: Document, details: Document, fields: Fields) -> None:
    """Read the claims of the caller's token: a person by name, an application by its own id."""
    identity = inner(document, "identity")
    claims = inner(identity, "claim") or inner(identity, "claims")
    named = {key.rpartition("/")[2]: value for key, value in claims.items()}
    account = first(named, ("upn", "unique_name", "name")) or text(details.get("user"))
    put_text("user.name", account, fields)
    put_text("user.id", first(named, ("oid", "objectidentifier")) or named.get("appid"), fields)


def _read_outcome(document: Document, fields: Fields) -> None:
    status, kind = fields.get("http.response.status_code"), text(document.get("resultType")).lower()
    if status in _REFUSED:
        types = fields["event.type"]
        fields["event.type"] = [*(types if isinstance(types, list) else []), "denied"]
        fields["event.outcome"] = "failure"
    elif kind or isinstance(status, int):
        failed = kind not in {"success", "succeeded", "0", ""} or (
            not kind and isinstance(status, int) and status >= 400
        )
        fields["event.outcome"] = "failure" if failed else "success"


SOURCE: Final = JsonSource(
    name="azure_resource",
    aliases=(
        *("azure_key_vault", "azure_app_gateway", "azure_application_gateway", "azure_front_door", "azure_files"),
        *("azure_firewall_logs", "azure_mysql", "azure_platformlogs"),
    ),
    title="Azure resource logs: Key Vault, Application Gateway, Front Door, Firewall, storage, databases",
    dataset="azure.platformlogs",
    owns=_owns,
    marks=((b'"resourceId"', b'"category"', b'"properties"', b"/PROVIDERS/MICROSOFT."),),
    read=read,
    finish=finish,
)
