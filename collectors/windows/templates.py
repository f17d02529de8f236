"""The names of event data by their order, for forms that hand on the inserted texts alone (Fluent Bit's inserts).

A provider's manifest gives each event a template; later versions of an event mostly have more. A list of texts has the
names of the template of its length, or none. Source: Microsoft's audit event reference, and the templates that EVTX
files carry with their events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_WHO: Final = "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId"
_LOGGED_ON: Final = "TargetUserSid TargetUserName TargetDomainName TargetLogonId"
_ACCOUNT: Final = f"TargetUserName TargetDomainName TargetSid {_WHO}"
_MEMBER: Final = f"MemberName MemberSid {_ACCOUNT} PrivilegeList"
_GROUP: Final = f"{_ACCOUNT} PrivilegeList SamAccountName SidHistory"
_USER: Final = (
    f"{_ACCOUNT} PrivilegeList SamAccountName DisplayName UserPrincipalName HomeDirectory HomePath ScriptPath "
    "ProfilePath UserWorkstations PasswordLastSet AccountExpires PrimaryGroupId AllowedToDelegateTo OldUacValue "
    "NewUacValue UserAccountControl UserParameters SidHistory LogonHours"
)
_LOG_ON: Final = (
    f"{_WHO} {_LOGGED_ON} LogonType LogonProcessName AuthenticationPackageName WorkstationName LogonGuid "
    "TransmittedServices LmPackageName KeyLength ProcessId ProcessName IpAddress IpPort"
)
_PROCESS: Final = f"{_WHO} NewProcessId NewProcessName TokenElevationType ProcessId"
_OBJECT: Final = f"{_WHO} ObjectServer ObjectType ObjectName HandleId"
_FLOW: Final = (
    "ProcessID Application Direction SourceAddress SourcePort DestAddress DestPort Protocol FilterRTID LayerName "
    "LayerRTID"
)
_CHANGED_OBJECT: Final = f"OpCorrelationID AppCorrelationID {_WHO} DSName DSType ObjectDN ObjectGUID ObjectClass"
_TASK: Final = f"{_WHO} TaskName TaskContent"
_TICKET: Final = (
    "TargetUserName TargetDomainName ServiceName ServiceSid TicketOptions TicketEncryptionType IpAddress IpPort"
)
_SESSION: Final = "AccountName AccountDomain LogonID SessionName ClientName ClientAddress"

_SECURITY: Final[Mapping[str, str]] = {  # templates of one event stand one behind the other, with `|` between them
    "4624": f"{_LOG_ON} | {_LOG_ON} ImpersonationLevel | {_LOG_ON} ImpersonationLevel RestrictedAdminMode "
    "TargetOutboundUserName TargetOutboundDomainName VirtualAccount TargetLinkedLogonId ElevatedToken",
    "4625": f"{_WHO} TargetUserSid TargetUserName TargetDomainName Status FailureReason SubStatus LogonType "
    "LogonProcessName AuthenticationPackageName WorkstationName TransmittedServices LmPackageName KeyLength "
    "ProcessId ProcessName IpAddress IpPort",
    "4627": f"{_WHO} {_LOGGED_ON} LogonType EventIdx EventCountTotal GroupMembership",
    "4634": f"{_LOGGED_ON} LogonType",
    "4647": _LOGGED_ON,
    "4648": f"{_WHO} LogonGuid TargetUserName TargetDomainName TargetLogonGuid TargetServerName TargetInfo ProcessId "
    "ProcessName IpAddress IpPort",
    "4656": f"{_OBJECT} TransactionId AccessList AccessMask PrivilegeList RestrictedSidCount ProcessId ProcessName | "
    f"{_OBJECT} TransactionId AccessList AccessReason AccessMask PrivilegeList RestrictedSidCount ProcessId "
    "ProcessName ResourceAttributes",
    "4657": f"{_WHO} ObjectName ObjectValueName HandleId OperationType OldValueType OldValue NewValueType NewValue "
    "ProcessId ProcessName",
    "4658": f"{_WHO} ObjectServer HandleId ProcessId ProcessName",
    "4660": f"{_WHO} ObjectServer HandleId ProcessId ProcessName TransactionId",
    "4661": f"{_OBJECT} TransactionId AccessList AccessMask PrivilegeList Properties RestrictedSidCount ProcessId "
    f"ProcessName | {_OBJECT} TransactionId AccessList AccessReason AccessMask PrivilegeList Properties "
    "RestrictedSidCount ProcessId ProcessName",
    "4662": f"{_WHO} ObjectServer ObjectType ObjectName OperationType HandleId AccessList AccessMask Properties "
    "AdditionalInfo AdditionalInfo2",
    "4663": f"{_OBJECT} AccessList AccessMask ProcessId ProcessName | {_OBJECT} AccessList AccessMask ProcessId "
    "ProcessName ResourceAttributes",
    "4670": f"{_OBJECT} OldSd NewSd ProcessId ProcessName",
    "4672": f"{_WHO} PrivilegeList",
    "4673": f"{_WHO} ObjectServer Service PrivilegeList ProcessId ProcessName",
    "4674": f"{_OBJECT} AccessMask PrivilegeList ProcessId ProcessName",
    "4688": f"{_PROCESS} | {_PROCESS} CommandLine | {_PROCESS} CommandLine {_LOGGED_ON} | "
    f"{_PROCESS} CommandLine {_LOGGED_ON} ParentProcessName MandatoryLabel",
    "4689": f"{_WHO} Status ProcessId ProcessName",
    "4690": f"{_WHO} SourceHandleId SourceProcessId TargetHandleId TargetProcessId",
    "4697": f"{_WHO} ServiceName ServiceFileName ServiceType ServiceStartType ServiceAccount",
    **dict.fromkeys(("4698", "4699", "4700", "4701"), _TASK),
    "4702": f"{_TASK}New",
    "4703": f"{_WHO} {_LOGGED_ON} ProcessName ProcessId EnabledPrivilegeList DisabledPrivilegeList",
    **dict.fromkeys(("4704", "4705"), f"{_WHO} TargetSid PrivilegeList"),
    "4706": f"DomainName DomainSid {_WHO} TdoType TdoDirection TdoAttributes SidFilteringEnabled",
    "4717": f"{_WHO} TargetSid AccessGranted",
    "4718": f"{_WHO} TargetSid AccessRemoved",
    "4719": f"{_WHO} CategoryId SubcategoryId SubcategoryGuid AuditPolicyChanges",
    "4720": _USER,
    **dict.fromkeys(("4722", "4724", "4725", "4740", "4767"), _ACCOUNT),
    **dict.fromkeys(("4723", "4726", "4730", "4734", "4743", "4758"), f"{_ACCOUNT} PrivilegeList"),
    **dict.fromkeys(("4727", "4731", "4735", "4737", "4754", "4755"), _GROUP),
    **dict.fromkeys(("4728", "4729", "4732", "4733", "4756", "4757"), _MEMBER),
    "4738": f"Dummy {_USER}",
    "4741": f"{_USER} DnsHostName ServicePrincipalNames",
    "4742": f"ComputerAccountChange {_USER} DnsHostName ServicePrincipalNames",
    "4768": "TargetUserName TargetDomainName TargetSid ServiceName ServiceSid TicketOptions Status "
    "TicketEncryptionType PreAuthType IpAddress IpPort CertIssuerName CertSerialNumber CertThumbprint",
    "4769": f"{_TICKET} Status LogonGuid TransmittedServices",
    "4770": _TICKET,
    "4771": "TargetUserName TargetSid ServiceName TicketOptions Status PreAuthType IpAddress IpPort CertIssuerName "
    "CertSerialNumber CertThumbprint",
    "4776": "PackageName TargetUserName Workstation Status",
    **dict.fromkeys(("4778", "4779"), _SESSION),
    "4781": f"OldTargetUserName NewTargetUserName TargetDomainName TargetSid {_WHO} PrivilegeList",
    "4794": f"{_WHO} Workstation Status",
    **dict.fromkeys(("4798", "4799"), f"{_ACCOUNT} CallerProcessId CallerProcessName"),
    **dict.fromkeys(("4800", "4801", "4802", "4803"), f"{_LOGGED_ON} SessionId"),
    "4964": f"{_WHO} LogonGuid {_LOGGED_ON} TargetLogonGuid SidList",
    "4985": f"{_WHO} TransactionId NewState ResourceManager ProcessId ProcessName",
    "5136": f"{_CHANGED_OBJECT} AttributeLDAPDisplayName AttributeSyntaxOID AttributeValue OperationType",
    "5137": _CHANGED_OBJECT,
    "5140": f"{_WHO} ObjectType IpAddress IpPort ShareName ShareLocalPath AccessMask AccessList",
    "5142": f"{_WHO} ShareName ShareLocalPath",
    "5145": f"{_WHO} ObjectType IpAddress IpPort ShareName ShareLocalPath RelativeTargetName AccessMask AccessList "
    "AccessReason",
    **dict.fromkeys(("5152", "5156", "5157"), f"{_FLOW} | {_FLOW} RemoteUserID RemoteMachineID"),
    "5158": "ProcessId Application SourceAddress SourcePort Protocol FilterRTID LayerName LayerRTID",
}
_SCRIPT: Final = "MessageNumber MessageTotal ScriptBlockText ScriptBlockId"
_BY_DATASET: Final[Mapping[str, Mapping[str, str]]] = {
    "system.security": _SECURITY,
    "system.system": {"7045": "ServiceName ImagePath ServiceType StartType AccountName"},
    "windows.powershell_operational": {
        "4103": "ContextInfo UserData Payload",
        "4104": f"{_SCRIPT} | {_SCRIPT} Path",
    },
}
_NAMES: Final = {
    (dataset, code): {len(names): names for names in map(str.split, templates.split("|"))}
    for dataset, events in _BY_DATASET.items()
    for code, templates in events.items()
}


def names_of(dataset: str, code: str, count: int) -> Sequence[str]:
    """Return the names of an event's data, of which there are so many; none where no template fits."""
    return _NAMES.get((dataset, code), {}).get(count, ())
