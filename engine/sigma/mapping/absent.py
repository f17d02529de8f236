"""Fields that rules of a log source name although its events, as the system writes them, have none.

Reviewed by hand, each with its reason. The field is still read under its own name, for a shipper that adds it; but a
rule that needs it can't fire on the events themselves, and is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_AGENT: Final = "not in the event; only agents that join it with the process' start add it"
_AUDITD: Final = "auditd says the system call, not this"
_GENERIC: Final = "a general firewall's flag that no known product writes under this name"

# (product, category, service) -> field -> reason
ABSENT: Final[Mapping[tuple[str, str, str], Mapping[str, str]]] = {
    ("windows", "create_remote_thread", ""): {
        "SourceParentImage": _AGENT,
        "TargetParentProcessId": _AGENT,
        "SourceCommandLine": _AGENT,
    },
    ("windows", "process_access", ""): {"SourceCommandLine": _AGENT},
    ("windows", "process_creation", ""): {"GrandParentImage": _AGENT},
    ("windows", "image_load", ""): {"CommandLine": _AGENT},
    ("windows", "network_connection", ""): {"CommandLine": _AGENT, "ParentImage": _AGENT},
    ("windows", "file_event", ""): {
        "CommandLine": _AGENT,
        "ParentImage": _AGENT,
        "ParentCommandLine": _AGENT,
        "IntegrityLevel": _AGENT,
    },
    ("windows", "file_access", ""): {
        "Image": "the kernel's file provider names the process by its number alone; only agents add its path",
        "ParentImage": _AGENT,
    },
    ("windows", "file_rename", ""): {
        "Image": "the kernel's file provider names the process by its number alone; only agents add its path",
        "SourceFilename": "the event carries the new path alone; only agents add the old one",
    },
    ("azure", "", "auditlogs"): {
        "ConsentContext.IsAdminConsent": "a pair in the list of modified properties, no field of its own",
    },
    ("", "firewall", ""): {"blocked": _GENERIC},
}
