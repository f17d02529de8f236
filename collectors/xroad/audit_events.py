"""What an event of X-Road's audit log means in ECS' categories and types.

Source: X-Road "Audit log events" (SPEC-AL), which lists every event of the central and the security server by name.
The names are sentences with their verb in front ("Add access rights to subject", "Log in user") or at the end ("API key
create"), so that verbs and nouns tell what happened, also for events of later versions.
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
        *("decline", "rename", "skip", "renew", "recreate", "refresh", "apply", "sign", "rotate", "reset", "move"),
    ),
    "access": ("download", "export", "back", "backup", "view", "get"),
}
_TYPE_OF: Final = {verb: kind for kind, verbs in _VERBS.items() for verb in verbs}
_IAM: Final = ("api key", "access right", "group", "user role", "administrator", "ui user")
_SIGNING_IN: Final = ("api key authentication", "auth credentials discovery", "unauthenticated access")
_KEPT: Final = 8192


@lru_cache(maxsize=_KEPT)
def classify(event: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return `event.category` and `event.type` of an event's name, with or without its ending `failed`."""
    name = event.lower().removesuffix(FAILED).strip()
    if "log out" in name or name.startswith("logout"):
        return ("authentication",), ("end",)
    if "log in" in name or name.startswith("login") or name.endswith(_SIGNING_IN):
        return ("authentication",), ("start",)
    words = name.split()
    kind = next((_TYPE_OF[word] for word in (*words[:1], *reversed(words)) if word in _TYPE_OF), "change")
    if any(noun in name for noun in _IAM):
        return ("iam", "configuration"), (kind, "group" if "group" in name else "admin")
    if "backup" in name or name.startswith(("back up", "restore")):
        return ("configuration", "file"), (kind,)
    return ("configuration",), (kind,)
