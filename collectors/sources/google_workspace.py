"""Google Workspace: activities of the Reports API (admin console, log-ins, Drive, groups, Chrome), and its alerts.

Format: Google's "Admin SDK: Reports API, Activities" with its catalogue of events by application, and "Alert Center
API: Alert". Field names: Elastic's `google_workspace.*`. A record may carry several events of one moment: their
actions and parameters stand side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import snake, spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, number, objects, put_source, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_P = "google_workspace."
_NOBODY = "105250506097979753968"  # the profile that Google writes where it does not name the actor
_VALUES = ("value", "intValue", "boolValue", "multiValue", "multiIntValue", "messageValue", "multiMessageValue")
_APPLICATION_LENGTH = 40

# What an application's events are about, where no word of the event says more.
_AREAS: Final[Mapping[str, tuple[str, ...]]] = {
    "access_transparency": ("configuration",),
    "admin": ("iam", "configuration"),
    "calendar": ("configuration",),
    "chat": ("session",),
    "chrome": ("host",),
    "context_aware_access": ("session",),
    "data_studio": ("configuration",),
    "drive": ("file",),
    "gcp": ("iam",),
    "gmail": ("email",),
    "groups": ("iam",),
    "groups_enterprise": ("iam",),
    "login": ("authentication",),
    "meet": ("session", "network"),
    "mobile": ("host",),
    "saml": ("authentication", "session"),
    "token": ("authentication",),
    "user_accounts": ("iam",),
    "vault": ("configuration",),
}
_ALWAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "groups": ("group",),
    "groups_enterprise": ("admin", "group"),
    "meet": ("connection",),
    "rules": ("info",),
    "user_accounts": ("user",),
}
# The words of an event's name and what they say it did, in the order in which they are looked for.
_VERBS: Final[tuple[tuple[frozenset[str], str], ...]] = (
    (frozenset({"create", "created", "creation", "upload", "copy"}), "creation"),
    (frozenset({"delete", "deleted", "deletion", "remove", "removed", "trash"}), "deletion"),
    (frozenset({"started", "start"}), "start"),
    (frozenset({"ended", "end", "disconnected", "logout"}), "end"),
    (frozenset({"view", "viewed", "download", "preview", "print", "access"}), "access"),
    (
        frozenset(
            {
                *("add", "added", "assign", "change", "changed", "disable", "disabled", "edit", "enable", "enroll"),
                *("grant", "initiated", "move", "rename", "reset", "revoke", "suspend", "suspended", "toggle"),
                *("unassign", "undelete", "unenroll", "unsuspend", "untrash", "update", "updated"),
            }
        ),
        "change",
    ),
)
_THREATS = frozenset(
    {
        *("suspicious_login", "suspicious_login_less_secure_app", "suspicious_programmatic_login"),
        *("gov_attack_warning", "account_disabled_hijacked", "account_disabled_password_leak"),
        *("user_signed_out_due_to_suspicious_session_cookie",),
    }
)
_BROWSER_THREATS = frozenset({"MALWARE_TRANSFER", "PASSWORD_BREACH", "PASSWORD_REUSE", "UNSAFE_SITE_VISIT"})
_ENTERED = frozenset({"login_success", "login_failure", "CHROME_OS_LOGIN_EVENT", "CHROME_OS_LOGIN_FAILURE_EVENT"})
_LEFT = frozenset(
    {
        "logout",
        "CHROME_OS_LOGOUT_EVENT",
        "CHROME_OS_LOGIN_LOGOUT_EVENT",
        "user_signed_out_due_to_suspicious_session_cookie",
    }
)
_SUCCEEDED = (_ENTERED | _LEFT) | {"authorize"}
_PASSED = frozenset({"challenge passed", "passed"})

# Parameters that ECS has a field for.
_TARGETS = ("target_user", "USER_EMAIL", "affected_email_address", "member_id", "user_email")
_TEXTS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("user.target.email", _TARGETS),
    ("destination.user.email", ("recipient_email", "event_guest")),
    ("file.name", ("doc_title", "CONTENT_NAME")),
    ("file.owner", ("owner",)),
    ("file.gid", ("owner_team_drive_id",)),
    ("file.hash.sha256", ("CONTENT_HASH",)),
    ("device.id", ("DIRECTORY_DEVICE_ID", "DEVICE_ID", "device_id")),
    ("device.manufacturer", ("VENDOR_NAME",)),
    ("device.model.identifier", ("PRODUCT_ID",)),
    ("device.model.name", ("PRODUCT_NAME", "DEVICE_MODEL")),
    ("email.cc.address", ("email_forwarding_destination_address",)),
    ("event.reason", ("EVENT_REASON", "failure_type", "login_failure_type", "LOGIN_FAILURE_REASON")),
    ("host.name", ("DEVICE_NAME",)),
    ("host.os.full", ("DEVICE_PLATFORM",)),
    ("network.transport", ("network_transport_protocol",)),
    ("rule.name", ("rule_name",)),
    ("rule.id", ("rule_id", "rule_resource_name")),
    ("url.full", ("URL",)),
    ("user_agent.original", ("USER_AGENT",)),
)
_ADMIN_NAMES: Final[Mapping[str, str]] = {
    "APPLICATION_EDITION": "application.edition",
    "APPLICATION_NAME": "application.name",
    "GROUP_EMAIL": "group.email",
    "ORG_UNIT_NAME": "org_unit.name",
    "SETTING_NAME": "setting.name",
    "USER_EMAIL": "user.email",
}

# Which part of Google raised an alert, and what it is about.
_ALERTS: Final[Mapping[str, tuple[str, ...]]] = {
    "gmail phishing": ("email", "threat", "malware"),
    "google identity": ("iam", "threat"),
    "google operations": ("threat",),
    "domain wide takeout": ("iam", "threat"),
    "mobile device management": ("threat", "malware"),
    "data loss prevention": ("file",),
    "security center rules": ("threat",),
    "state sponsored attack": ("threat",),
}


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read an activity or an alert."""
    fields["cloud.provider"] = "gcp"
    fields["observer.vendor"] = "Google"
    if "alertId" in document:
        _read_alert(document, fields, options)
    else:
        _read_activity(document, fields, options)


def _read_activity(document: Document, fields: Fields, options: Options) -> None:
    key = inner(document, "id")
    moment = to_instant(key.get("time"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    application = _application(text(key.get("applicationName")))
    fields["event.dataset"] = _P + application
    fields["event.provider"] = fields["network.application"] = application
    put_text("event.id", key.get("uniqueQualifier") or key.get("uniqQualifier"), fields)
    put_text("cloud.account.id", key.get("customerId"), fields)
    events = list(objects(document.get("events")))
    parameters = _parameters(events)
    actions = tuple(dict.fromkeys(name for event in events if (name := text(event.get("name")))))
    if actions:
        fields["event.action"] = actions[0] if len(actions) == 1 else actions
    _classify(application, actions, fields)
    _judge(application, actions, parameters, fields)
    put_source(document.get("ipAddress"), fields, names=False)
    if "source.ip" not in fields:
        put_source(_one(parameters.get("ip_address")), fields, names=False)
    _read_actor(inner(document, "actor"), parameters, fields)
    _read_parameters(application, parameters, fields)
    spread(_P, document, fields, snaked=True, skip=frozenset({"events"}))
    put_text(_P + "actor.type", inner(document, "actor").get("callerType"), fields)
    put_text(_P + "organization.domain", document.get("ownerDomain"), fields)
    spread(_P + "event.", {"type": _several(events, "type"), "name": list(actions)}, fields)
    admin = _ADMIN_NAMES if application == "admin" else {}
    named = {admin.get(name, snake(name)): value for name, value in parameters.items()}
    spread(f"{_P}{application}.", named, fields, snaked=True)


def _application(name: str) -> str:
    """Return the application's name as part of a data set's, `report` for what is no such name."""
    plain = name.isascii() and len(name) <= _APPLICATION_LENGTH and name.replace("_", "").isalnum()
    return name.lower() if plain else "report"


def _several(events: list[dict[str, Json]], name: str) -> Json:
    found: list[Json] = list(dict.fromkeys(value for event in events if (value := text(event.get(name)))))
    return found[0] if len(found) == 1 else found


def _parameters(events: list[dict[str, Json]]) -> dict[str, Json]:
    """Return the parameters of all events by name; what differs between events is a list."""
    found: dict[str, Json] = {}
    for event in events:
        for parameter in objects(event.get("parameters")):
            name = text(parameter.get("name"))
            value = next((parameter[kind] for kind in _VALUES if kind in parameter), None)
            if not name or value is None:
                continue
            known = found.get(name)
            if known is None:
                found[name] = value
            elif known != value:
                found[name] = _joined(known, value)
    return found


def _joined(known: Json, value: Json) -> Json:
    some = known if isinstance(known, list) else [known]
    more = value if isinstance(value, list) else [value]
    return [*some, *(item for item in more if item.__class__ is not str or item not in some)]


def _one(value: Json) -> Json:
    """Return a value, of several the first."""
    return value[0] if isinstance(value, list) and value else value


def _classify(application: str, actions: tuple[str, ...], fields: Fields) -> None:
    categories = list(_AREAS.get(application, ()))
    kinds = list(_ALWAYS.get(application, ()))
    for action in actions:
        if action in _ENTERED:
            kinds.append("start")
        elif action in _LEFT:
            kinds.append("end")
        else:
            words = set(action.lower().split("_"))
            kinds += [kind for verbs, kind in _VERBS if words & verbs]
    if application == "drive":
        kinds.append("access")
    elif application == "token":
        kinds.append("end" if "revoke" in actions else "start")
        kinds = [kind for kind in kinds if kind in {"start", "end"}]
    elif application == "chrome":
        categories = list(dict.fromkeys(_chrome_area(action) for action in actions)) or categories
    elif application == "login":
        categories += ["session"] * any(action in {*_ENTERED, *_LEFT} for action in actions)
        if any(action not in {*_ENTERED, *_LEFT} and not action.startswith("login_") for action in actions):
            categories.append("iam")
    if any(action in _THREATS or action in _BROWSER_THREATS for action in actions):
        categories.append("threat")
        kinds.append("indicator" if not kinds else "info")
    if any(action == "gov_attack_warning" or action in _BROWSER_THREATS for action in actions):
        fields["event.kind"] = "alert"
    fields["event.category"] = tuple(dict.fromkeys(categories))
    fields["event.type"] = tuple(dict.fromkeys(kinds)) or ("info",)


def _chrome_area(action: str) -> str:
    if action in _ENTERED or action in _LEFT or "UNLOCK" in action:
        return "authentication"
    if action.endswith(("_USER", "PASSWORD_CHANGED")):
        return "iam"
    if "_CRD_CLIENT_" in action or "_LOCK_" in action:
        return "session"
    if action in {"MALWARE_TRANSFER", "CONTENT_TRANSFER", "SENSITIVE_DATA_TRANSFER", "CONTENT_UNSCANNED"}:
        return "file"
    if action in {"UNSAFE_SITE_VISIT", "URL_FILTERING_INTERSTITIAL"}:
        return "web"
    return "host"


def _judge(application: str, actions: tuple[str, ...], parameters: Mapping[str, Json], fields: Fields) -> None:
    """Say how a log-in ended; of several the bad end counts."""
    challenge = text(_one(parameters.get("login_challenge_status"))).lower()
    if any("failure" in action.lower() for action in actions):
        fields["event.outcome"] = "failure"
    elif any(action in _SUCCEEDED or action.endswith("LOCK_SUCCESS") for action in actions):
        fields["event.outcome"] = "success"
    elif application == "login" and challenge:
        fields["event.outcome"] = "success" if challenge in _PASSED else "failure"


def _read_actor(actor: Document, parameters: Mapping[str, Json], fields: Fields) -> None:
    if text(actor.get("profileId")) != _NOBODY:
        put_text("user.id", actor.get("profileId"), fields)
    for login in (text(actor.get("email")), text(_one(parameters.get("DEVICE_USER")))):
        name, at, domain = login.rpartition("@")
        if at and name and domain:
            fields["user.email"], fields["user.name"], fields["user.domain"] = login, name, domain
            return
    device_user = text(_one(parameters.get("DEVICE_USER")))
    if device_user != "-":
        put_text("user.name", device_user, fields)


def _read_parameters(application: str, parameters: Mapping[str, Json], fields: Fields) -> None:
    for name, keys in _TEXTS:
        for key in keys:
            put_text(name, _one(parameters.get(key)), fields)
    kind = text(_one(parameters.get("doc_type")))
    if kind:
        fields["file.type"] = "dir" if kind in {"folder", "shared_drive", "team_drive"} else "file"
    size = number(_one(parameters.get("CONTENT_SIZE")))
    if size is not None:
        fields["file.size"] = size
    if application == "groups_enterprise":
        put_text("user.group.id", _one(parameters.get("group_id")), fields)
    group = text(_one(parameters.get("GROUP_EMAIL"))) or text(_one(parameters.get("group_email")))
    name, _, domain = group.rpartition("@")
    if application in {"admin", "groups"} and name:
        fields["group.name"], fields["group.domain"] = name, domain


def _read_alert(document: Document, fields: Fields, options: Options) -> None:
    """Read an alert of the alert centre."""
    fields["event.dataset"] = _P + "alert"
    fields["event.kind"] = "alert"
    for name, key in (("@timestamp", "createTime"), ("event.start", "startTime"), ("event.end", "endTime")):
        moment = to_instant(document.get(key), options.zone)
        if moment is not None:
            fields[name] = moment
    put_text("event.id", document.get("alertId"), fields)
    put_text("event.action", document.get("source"), fields)
    put_text("event.reason", document.get("type"), fields)
    put_text("cloud.account.id", document.get("customerId"), fields)
    fields["event.category"] = _ALERTS.get(text(document.get("source")).lower(), ("threat",))
    fields["event.type"] = ("info",)
    data = inner(document, "data")
    mails = list(objects(data.get("messages")))
    _put_all("email.message_id", mails, "messageId", fields)
    _put_all("email.subject", mails, "subjectText", fields)
    _put_all("email.to.address", mails, "recipient", fields)
    hashes: dict[str, None] = {}
    for mail in mails:
        found = mail.get("attachmentsSha256Hash")
        hashes.update((each, None) for each in (found if isinstance(found, list) else ()) if isinstance(each, str))
    if hashes:
        fields["email.attachments.file.hash.sha256"] = list(hashes)
    moments = [moment for mail in mails if (moment := to_instant(mail.get("date"), options.zone)) is not None]
    if moments:
        fields["email.delivery_timestamp"] = moments[0]
    put_text("user.email", data.get("email"), fields)
    login = inner(data, "loginDetails")
    put_source(login.get("ipAddress"), fields, names=False)
    spread(_P + "alert.", document, fields, snaked=True)


def _put_all(name: str, mails: list[dict[str, Json]], key: str, fields: Fields) -> None:
    found = list(dict.fromkeys(value for mail in mails if (value := text(mail.get(key)))))
    if found:
        fields[name] = found


def _owns(document: Mapping[str, Json]) -> bool:
    if "alertId" in document:
        return {"createTime", "customerId", "source", "type"} <= document.keys()
    key = document.get("id")
    return (
        isinstance(key, dict)
        and "applicationName" in key
        and "time" in key
        and text(document.get("kind")).endswith("#activity")
    )


SOURCE: Final = JsonSource(
    name="google_workspace",
    aliases=(
        "google_report",
        *(
            f"google_workspace_{stream}"
            for stream in ("admin", "alert", "drive", "groups", "login", "rules", "saml", "user_accounts")
        ),
    ),
    title="Google Workspace activities and alerts",
    dataset="google_workspace.report",
    owns=_owns,
    marks=(
        (b'"applicationName"', b'"customerId"', b'#activity"', b'"events"'),
        (b'"alertId"', b'"createTime"', b'"customerId"', b'"source"'),
    ),
    read=read,
)
