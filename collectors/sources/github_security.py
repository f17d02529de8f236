"""GitHub's security alerts: code scanning, secret scanning, and Dependabot's vulnerable dependencies.

Formats: GitHub REST API, "Code scanning" and "Secret scanning" alerts, GraphQL API, `RepositoryVulnerabilityAlert`, and
REST's "Dependabot alerts", one JSON object an alert. Field names: Elastic's `github.*`. The secret itself is
pseudonymised by default, see `collectors.personal`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, objects, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_KINDS: Final = (  # dataset, and the fields that its alerts have
    ("code_scanning", {"rule", "tool", "most_recent_instance"}),
    ("secret_scanning", {"secret_type", "number", "state"}),
    ("dependabot", {"securityAdvisory", "securityVulnerability"}),
    ("dependabot", {"security_advisory", "security_vulnerability"}),
)
_SEVERITIES: Final = {"low": 1, "medium": 2, "moderate": 2, "high": 3, "critical": 4}


def _kind(document: Mapping[str, Json]) -> str:
    return next((kind for kind, all_of in _KINDS if all_of <= document.keys()), "")


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one alert of any kind."""
    kind = _kind(document)
    fields["event.dataset"], fields["event.action"] = f"github.{kind}", kind
    fields["event.kind"] = "alert"
    moment = to_instant(first(document, ("created_at", "createdAt")), options.zone)
    if moment is not None:
        fields["@timestamp"] = fields["event.start"] = moment
    put_text("event.url", document.get("html_url"), fields)
    _READERS[kind](document, fields)
    spread(f"github.{kind}.", document, fields, snaked=True, skip=frozenset(("repository",)))
    spread("github.repository.", inner(document, "repository"), fields, snaked=True)


def _read_code(document: Document, fields: Fields) -> None:
    rule = inner(document, "rule")
    for name in ("id", "name", "description"):
        put_text(f"rule.{name}", rule.get(name), fields)
    _put_severity(rule.get("security_severity_level"), fields)
    place = inner(document, "most_recent_instance", "location")
    put_text("file.path", place.get("path"), fields)
    put_text("event.reason", inner(document, "most_recent_instance", "message").get("text"), fields)


def _read_secret(document: Document, fields: Fields) -> None:
    """Read a secret that was found in a repository; who pushed it past the protection is who did it."""
    put_text("rule.id", document.get("secret_type"), fields)
    put_text("rule.name", document.get("secret_type_display_name"), fields)
    put_text("user.name", inner(document, "push_protection_bypassed_by").get("login"), fields)


def _read_dependency(document: Document, fields: Fields) -> None:
    advisory = inner(document, "securityAdvisory") or inner(document, "security_advisory")
    weakness = inner(document, "securityVulnerability") or inner(document, "security_vulnerability")
    ids = [text(each.get("value")) for each in objects(advisory.get("identifiers")) if text(each.get("type")) == "CVE"]
    put_text("vulnerability.id", ids[0] if ids else first(advisory, ("cve_id", "ghsaId", "ghsa_id")), fields)
    fields["vulnerability.classification"], fields["vulnerability.enumeration"] = "CVSS", "CVE"
    fields["vulnerability.scanner.vendor"] = "Github"
    put_text("vulnerability.description", advisory.get("description"), fields)
    put_text("event.reason", advisory.get("summary"), fields)
    severity = first(weakness, ("severity",)) or text(advisory.get("severity"))
    put_text("vulnerability.severity", severity.lower(), fields)
    _put_severity(severity, fields)
    score = inner(advisory, "cvss").get("score")
    if isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 10:
        fields["vulnerability.score.base"] = float(score)
    if links := [link for each in objects(advisory.get("references")) if (link := text(each.get("url")))]:
        fields["vulnerability.reference"] = links
    put_text("package.name", inner(weakness, "package").get("name"), fields)


def _put_severity(word: Json, fields: Fields) -> None:
    severity = _SEVERITIES.get(text(word).lower())
    if severity is not None:
        fields["event.severity"] = severity


_READERS: Final[Mapping[str, Callable[[Document, Fields], None]]] = {
    "code_scanning": _read_code,
    "dependabot": _read_dependency,
    "secret_scanning": _read_secret,
}

SOURCE: Final = JsonSource(
    name="github_security",
    aliases=("github_alerts",),
    title="GitHub security alerts: code scanning, secret scanning, Dependabot",
    dataset="github.code_scanning",
    owns=_owns,
    marks=((b'"securityAdvisory"', b'"securityVulnerability"'), (b'"most_recent_instance"', b'"tool"', b'"rule"')),
    read=read,
)
