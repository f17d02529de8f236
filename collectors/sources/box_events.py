"""Box: log-ins, files and folders, sharing, accounts and settings of an enterprise, and what Box Shield found.

Format: Box developer guides, "Events" (enterprise events) and "Shield alert events", one JSON object an event. Field
names: Elastic's `box_events.events`, own fields under `box.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, number, objects, put_text, relate, text
from collectors.databases.ends import also
from collectors.json_fields import Json, to_instant
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from engine.events import Fields

_LOG_INS: Final[Mapping[str, tuple[str, str]]] = {  # event.type, event.outcome
    "LOGIN": ("start", "success"),
    "ADMIN_LOGIN": ("start", "success"),
    "FAILED_LOGIN": ("start", "failure"),
    "DEVICE_TRUST_CHECK_FAILED": ("start", "failure"),
    "USER_AUTHENTICATE_OAUTH2_ACCESS_TOKEN_CREATE": ("start", "success"),
    "USER_AUTHENTICATE_OAUTH2_TOKEN_REFRESH": ("start", "success"),
    "LOGOUT": ("end", "success"),
}
_MALICIOUS: Final = "FILE_MARKED_MALICIOUS"
_ABOUT: Final = (  # how an event's type begins, and the category of ECS
    ("COLLAB", "iam"),
    ("NEW_USER", "iam"),
    ("EDIT_USER", "iam"),
    ("DELETE_USER", "iam"),
    ("USER_", "iam"),
    ("GROUP_", "iam"),
    ("CHANGE_ADMIN_ROLE", "iam"),
    ("ACCESS_", "iam"),
    ("EMAIL_ALIAS_", "iam"),
    ("MULTI_FACTOR", "iam"),
    ("MASTER_INVITE", "iam"),
    ("ENTERPRISE_APP", "configuration"),
    ("APPLICATION_", "configuration"),
    ("OAUTH2_", "configuration"),
    ("INTEGRATION_", "configuration"),
    ("DATA_RETENTION_", "configuration"),
    ("RETENTION_", "configuration"),
    ("LEGAL_HOLD_", "configuration"),
    ("CONTENT_WORKFLOW_", "configuration"),
    ("METADATA_TEMPLATE_", "configuration"),
    ("SHIELD_", "configuration"),
    ("WATERMARK_", "file"),
    ("ADD_DEVICE_", "host"),
    ("ADD_LOGIN_ACTIVITY_DEVICE", "host"),
    ("REMOVE_DEVICE_", "host"),
    ("REMOVE_LOGIN_ACTIVITY_DEVICE", "host"),
)
_VERBS: Final = (  # a word of an event's type, and the type of ECS
    ("UNSHARE", "change"),
    ("UNDELETE", "creation"),
    ("DELETE", "deletion"),
    ("REMOVE", "deletion"),
    ("TRASH", "deletion"),
    ("REVOKE", "deletion"),
    ("EXPIRE", "deletion"),
    ("EXPIRATION", "change"),
    ("DOWNLOAD", "access"),
    ("PREVIEW", "access"),
    ("OPEN", "access"),
    ("ACCESS", "access"),
    ("VIEW", "access"),
    ("UPLOAD", "creation"),
    ("CREATE", "creation"),
    ("COPY", "creation"),
    ("NEW_", "creation"),
    ("ADD", "creation"),
    ("INVITE", "creation"),
    ("MAKE_", "creation"),
    ("EDIT", "change"),
    ("CHANGE", "change"),
    ("UPDATE", "change"),
    ("MODIFY", "change"),
    ("RENAME", "change"),
    ("MOVE", "change"),
    ("SHARE", "change"),
    ("LOCK", "change"),
    ("ACCEPT", "change"),
)
_FOUND: Final = {  # what Shield found: categories, types, and what kind of thing tells it
    "Anomalous Download": (("file", "threat"), ("access", "indicator"), "file"),
    "Malicious Content": (("malware", "threat"), ("indicator",), "software"),
    "Suspicious Locations": (("network",), ("access", "connection", "indicator"), "ipv4-addr"),
    "Suspicious Sessions": (("network",), ("access", "connection", "indicator"), "user-account"),
}
_NOBODY: Final = "2"  # the id of whoever was not logged in
_KINDS: Final = {"file": "file", "folder": "dir"}


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one event."""
    action = text(document.get("event_type"))
    put_text("event.action", action, fields)
    put_text("event.id", document.get("event_id"), fields)
    moment = to_instant(document.get("created_at"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    for side in ("source", "client"):
        put_end(fields, side, document.get("ip_address"))
    actor = inner(document, "created_by")
    if text(actor.get("id")) != _NOBODY or actor.get("login"):
        _put_person("user.", actor, fields)
    about = inner(document, "source")
    alert = inner(document, "additional_details", "shield_alert")
    if alert:
        _read_alert(alert, fields)
    elif (log_in := _LOG_INS.get(action)) is not None:
        fields["event.category"], fields["event.type"] = ("authentication",), (log_in[0],)
        fields["event.outcome"] = log_in[1]
        if "user.name" not in fields:  # a log-in that failed has its account in `source` alone
            _put_person("user.", about, fields)
    else:
        _classify(action, about, fields)
    _read_about(about, fields)
    spread("box.", document, fields)


def _put_person(prefix: str, person: Document, fields: Fields) -> None:
    login = text(person.get("login") or person.get("email"))
    put_text(prefix + "id", person.get("id"), fields)
    put_text(prefix + "name", login or person.get("name"), fields)
    put_text(prefix + "email", login if "@" in login else None, fields)
    put_text(prefix + "full_name", person.get("name"), fields)


def _classify(action: str, about: Document, fields: Fields) -> None:
    if action == _MALICIOUS:
        fields["event.kind"], fields["event.category"], fields["event.type"] = "alert", ("malware",), ("info",)
        return
    category = next((found for start, found in _ABOUT if action.startswith(start)), None)
    if category is None and (_is_item(about) or action.startswith(("FILE_", "ITEM_", "FOLDER_"))):
        category = "file"
    if category is not None:
        fields["event.category"] = (category,)
    fields["event.type"] = (next((kind for word, kind in _VERBS if word in action), "info"),)


def _is_item(about: Document) -> bool:
    return text(about.get("type") or about.get("item_type")) in _KINDS


def _read_about(about: Document, fields: Fields) -> None:
    """Read what it was done to: a file or folder; another person is the target."""
    kind = text(about.get("type") or about.get("item_type"))
    if kind == "user" and text(about.get("id")) != fields.get("user.id"):
        _put_person("user.target.", about, fields)
    if kind not in _KINDS:
        return
    fields["file.type"] = _KINDS[kind]
    name = text(about.get("name") or about.get("item_name"))
    above = [text(entry.get("name")) for entry in objects(inner(about, "path_collection").get("entries"))]
    if kind == "folder":
        put_text("file.directory", name, fields)
    else:
        put_text("file.name", name, fields)
        put_text("file.directory", "/".join(above), fields)
        stem, dot, ending = name.rpartition(".")
        put_text("file.extension", ending.lower() if stem and dot else None, fields)
    if name and above:
        fields["file.path"] = "/".join((*above, name))
    put_text("file.owner", inner(about, "owned_by").get("login"), fields)
    put_text("file.hash.sha1", about.get("sha1"), fields)
    put_count(fields, "file.size", about.get("size"))
    for field, key in (("created", "created_at"), ("ctime", "modified_at"), ("mtime", "content_modified_at")):
        if (moment := to_instant(about.get(key))) is not None:
            fields[f"file.{field}"] = moment


def _read_alert(alert: Document, fields: Fields) -> None:
    """Read what Box Shield found; whose account it is about is the one it acted as."""
    fields["event.kind"] = "alert"
    category = text(alert.get("rule_category"))
    put_text("rule.category", category, fields)
    put_text("rule.id", alert.get("rule_id"), fields)
    put_text("rule.name", alert.get("rule_name"), fields)
    known = _FOUND.get(category, (("intrusion_detection",), ("info",), ""))
    fields["event.category"], fields["event.type"] = known[0], known[1]
    if (risk := number(alert.get("risk_score"))) is not None:
        fields["event.risk_score"] = risk
    person = inner(alert, "user")
    for field, key in (("id", "id"), ("name", "name"), ("email", "email")):
        put_text(f"user.effective.{field}", person.get(key), fields)
    put_text("threat.indicator.type", known[2], fields)
    put_text("threat.indicator.confidence", text(alert.get("priority")).capitalize(), fields)
    put_text("threat.indicator.reference", alert.get("link"), fields)
    summary, malware = inner(alert, "alert_summary"), inner(alert, "malware_info")
    put_text("threat.indicator.description", summary.get("description") or malware.get("description"), fields)
    activities = [
        *objects(summary.get("upload_activity")),
        *objects(summary.get("alert_activities")),
        *(each for session in objects(summary.get("sessions")) for each in objects(session.get("activities"))),
    ]
    places = [inner(each, "ip_info") for each in activities] + list(objects(summary.get("download_ips")))
    addresses = [found for each in places if known_ip(found := text(each.get("ip")))]
    if addresses:
        fields["threat.indicator.ip"] = list(dict.fromkeys(addresses))
    if known[2] == "user-account" and activities:
        put_text("threat.indicator.provider", activities[0].get("service_name"), fields)
    span = inner(summary, "anomaly_period", "date_range")
    for field, value in (
        ("first_seen", malware.get("first_seen") or span.get("start_date")),
        ("last_seen", malware.get("last_seen") or span.get("end_date")),
    ):
        if (moment := to_instant(value)) is not None:
            fields[f"threat.indicator.{field}"] = moment
    _read_malware(malware, fields)
    if activities and not malware:
        put_text("file.name", activities[0].get("item_name"), fields)


def _read_malware(malware: Document, fields: Fields) -> None:
    put_text("file.name", malware.get("file_name"), fields)
    put_count(fields, "file.size", malware.get("file_size_bytes"))
    kind = text(malware.get("file_hash_type")).replace("-", "").lower()
    if kind in {"md5", "sha1", "sha256"}:
        put_text(f"file.hash.{kind}", malware.get("file_hash"), fields)
    put_text("threat.software.name", malware.get("malware_name"), fields)


def _finish(fields: Fields) -> Fields:
    """Complete the event; an alert's addresses and account are related too."""
    relate(fields)
    addresses, mail = fields.get("threat.indicator.ip"), fields.get("user.effective.email")
    if isinstance(addresses, list):
        also(fields, "related.ip", [str(address) for address in addresses])
    if isinstance(mail, str):
        also(fields, "related.user", [mail])
    return fields


def _owns(document: Mapping[str, Json]) -> bool:
    kind = document.get("event_type")
    return (
        document.get("type") == "event"
        and isinstance(kind, str)
        and kind.replace("_", "").isalnum()
        and kind.isupper()
        and {"event_id", "created_at", "created_by", "source"} <= document.keys()
    )


SOURCE: Final = JsonSource(
    name="box_events",
    aliases=(
        "box",
        "box_events_events",
        "box_events_anomalous_download_alerts",
        "box_events_malicious_content_alerts",
        "box_events_suspicious_locations_alerts",
        "box_events_suspicious_sessions_alerts",
    ),
    title="Box: log-ins, files, sharing, accounts, Shield alerts",
    dataset="box_events.events",
    owns=_owns,
    marks=((b'"event_type"', b'"event_id"', b'"created_by"', b'"additional_details"'),),
    read=read,
    finish=_finish,
)
