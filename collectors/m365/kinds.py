"""What a unified audit record is in ECS, by its record type and operation.

Format: Microsoft Learn, "Office 365 Management Activity API schema" (enum AuditLogRecordType).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

Classified: TypeAlias = "tuple[tuple[str, ...], tuple[str, ...]]"

ALERTS = frozenset({40, 98, 68, 97})  # SecurityComplianceAlerts, MCASAlerts, ComplianceSupervision's and others
INVESTIGATION = 64  # AirInvestigation
MAIL_THREAT = 28  # ThreatIntelligence: TIMailData
MAILBOX_BY_SID = frozenset({2, 50})  # ExchangeItem, ExchangeItemAggregated: the account is the logged-on SID

_FILE = ("file",)
_CATEGORIES: dict[int, tuple[str, ...]] = {
    1: ("configuration", "iam"),  # ExchangeAdmin
    2: ("email", "file"),  # ExchangeItem
    3: ("email",),  # ExchangeItemGroup
    4: ("file", "web"),  # SharePoint
    6: _FILE,  # SharePointFileOperation
    8: ("iam",),  # AzureActiveDirectory
    9: ("authentication",),  # AzureActiveDirectoryAccountLogon
    10: ("configuration",),  # DataCenterSecurityCmdlet
    11: _FILE,  # ComplianceDLPSharePoint
    13: ("email",),  # ComplianceDLPExchange
    14: _FILE,  # SharePointSharingOperation
    15: ("authentication",),  # AzureActiveDirectoryStsLogon
    18: ("configuration",),  # SecurityComplianceCenterEOPCmdlet
    24: ("configuration",),  # Discovery
    25: ("network",),  # MicrosoftTeams
    28: ("email", "threat"),  # ThreatIntelligence
    36: _FILE,  # SharePointListOperation
    41: ("email", "web"),  # ThreatIntelligenceUrl
    47: ("file", "threat"),  # ThreatIntelligenceAtpContent
    50: ("email",),  # ExchangeItemAggregated
    54: ("web",),  # SharePointContentTypeOperation
    55: _FILE,  # SharePointFieldOperation
    56: _FILE,  # SharePointListItemOperation
    64: ("threat",),  # AirInvestigation
    **dict.fromkeys(ALERTS, ("intrusion_detection",)),
}
_VERBS: tuple[tuple[str, str], ...] = (
    ("Delete", "deletion"),
    ("Remove", "deletion"),
    ("Recycle", "deletion"),
    ("Create", "creation"),
    ("New-", "creation"),
    ("Add", "creation"),
    ("Upload", "creation"),
    ("Update", "change"),
    ("Modif", "change"),
    ("Set-", "change"),
    ("Change", "change"),
    ("Rename", "change"),
    ("Move", "change"),
    ("Accessed", "access"),
    ("Viewed", "access"),
    ("Previewed", "access"),
    ("Download", "access"),
    ("Allowed", "access"),
)
_YAMMER = 22


@lru_cache(maxsize=8192)
def classify(record_type: int, operation: str) -> Classified:
    """Return `event.category` and `event.type` of an operation (`FileDeleted`, `UserLoggedIn`) of a record type."""
    if record_type in {9, 15} or operation in {"UserLoggedIn", "UserLoginFailed"}:
        return ("authentication",), ("start", "info")
    if record_type in ALERTS:
        return _CATEGORIES[record_type], ("info",)
    categories = _CATEGORIES.get(record_type, ())
    if not categories and operation.startswith(("File", "Folder")):
        categories = _FILE
    kinds = tuple(dict.fromkeys(kind for word, kind in _VERBS if word in operation))
    if categories == ("iam",):
        subject = "group" if " group" in operation else "user" if " user" in operation else ""
        kinds = tuple(part for part in (subject, *kinds) if part)
    return categories, (*kinds, "info")
