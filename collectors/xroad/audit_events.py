"""What an event of X-Road's audit log means in ECS' categories and types.

Source: X-Road "Audit log events" (SPEC-AL), which lists every event of the central and the security server by name.
The names are sentences with their verb in front ("Add access rights to subject", "Log in user"), so that verbs and
nouns tell what happened, also for events of later versions.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

FAILED: Final = " failed"
_VERBS: Final = {
    "creation": ("add", "create", "generate", "import", "initialize", "upload", "register", "submit", "install"),
    "deletion": ("delete", "remove", "unregister", "revoke", "uninstall"),
    "change": (
        *("edit", "set", "change", "update", "enable", "disable", "activate", "deactivate", "restore", "approve"),
        *("decline", "rename", "skip", "renew", "re-create", "recreate", "apply", "sign", "rotate", "reset", "move"),
    ),
    "access": ("download", "export", "back", "backup", "view", "get"),
}
_TYPE_OF: Final = {verb: kind for kind, verbs in _VERBS.items() for verb in verbs}
_IAM: Final = ("api key", "access right", "local group", "global group", "user role", "administrator", "ui user")
_GROUPS: Final = ("local group", "global group")
_KEPT: Final = 8192


@lru_cache(maxsize=_KEPT)
def classify(event: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return `event.category` and `event.type` of an event's name, with or without its ending `failed`."""
    name = event.lower().removesuffix(FAILED).strip()
    if name.startswith(("log in", "login", "auto log in", "auto login")):
        return ("authentication",), ("start",)
    if name.startswith(("log out", "logout")):
        return ("authentication",), ("end",)
    if name.startswith(("authentication", "api key authentication", "unauthenticated")):
        return ("authentication",), ("start",)
    kind = _TYPE_OF.get(name.partition(" ")[0], "change")
    if any(noun in name for noun in _IAM):
        subject = "group" if any(noun in name for noun in _GROUPS) else "admin"
        return ("iam", "configuration"), (kind, subject)
    if "backup" in name or name.startswith(("back up", "restore")):
        return ("configuration", "file"), (kind,)
    return ("configuration",), (kind,)
