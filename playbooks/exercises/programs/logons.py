"""Logons, tickets and remote sessions of Windows machines."""

from __future__ import annotations

from random import Random

from playbooks.exercises.estate import DOMAIN, NETBIOS, SID
from playbooks.exercises.logbook import BENIGN
from playbooks.exercises.moments import SECOND
from playbooks.exercises.programs.station import Account, Station

_EMPTY_GUID = "{00000000-0000-0000-0000-000000000000}"
_PRIVILEGES = (
    "SeSecurityPrivilege\n\t\t\tSeBackupPrivilege\n\t\t\tSeRestorePrivilege\n\t\t\tSeTakeOwnershipPrivilege\n\t\t\t"
    "SeDebugPrivilege\n\t\t\tSeSystemEnvironmentPrivilege\n\t\t\tSeLoadDriverPrivilege\n\t\t\tSeImpersonatePrivilege"
)
_BY_TYPE = {  # logon type: (logon process, authentication package, process)
    2: ("User32 ", "Negotiate", "C:\\Windows\\System32\\svchost.exe"),
    3: ("Kerberos", "Kerberos", "-"),
    4: ("Advapi  ", "Negotiate", "C:\\Windows\\System32\\svchost.exe"),
    5: ("Advapi  ", "Negotiate", "C:\\Windows\\System32\\services.exe"),
    8: ("Advapi  ", "Negotiate", "C:\\Windows\\System32\\inetsrv\\w3wp.exe"),
    9: ("seclogo", "Negotiate", "C:\\Windows\\System32\\svchost.exe"),
    10: ("User32 ", "Negotiate", "C:\\Windows\\System32\\svchost.exe"),
}


def logon(
    station: Station,
    ms: int,
    account: Account,
    kind: int,
    number: int = BENIGN,
    *,
    address: str = "-",
    workstation: str = "-",
    port: int = 0,
    ntlm: bool = False,
    elevated: bool = False,
    outbound: Account | None = None,
) -> str:
    """Write a successful logon (4624, with 4672 where it is elevated); return its logon id."""
    process, package, image = _BY_TYPE[kind]
    is_network = kind == 3
    if ntlm:
        process, package = "NtLmSsp ", "NTLM"
    identifier = station.next_logon()
    machine = station.machine.account
    station.emit(
        ms,
        "4624",
        {
            "SubjectUserSid": "S-1-0-0" if is_network else "S-1-5-18",
            "SubjectUserName": "-" if is_network else machine,
            "SubjectDomainName": "-" if is_network else NETBIOS,
            "SubjectLogonId": "0x0" if is_network else "0x3e7",
            "TargetUserSid": account.sid,
            "TargetUserName": account.name,
            "TargetDomainName": account.domain,
            "TargetLogonId": identifier,
            "LogonType": str(kind),
            "LogonProcessName": process,
            "AuthenticationPackageName": package,
            "WorkstationName": workstation
            if is_network and not ntlm
            else (workstation if ntlm else station.machine.name),
            "LogonGuid": _EMPTY_GUID if ntlm else f"{{{station.next_logon()[2:]:0>8}-9b1c-4d1e-8d11-3f6a0c9b7e21}}",
            "TransmittedServices": "-",
            "LmPackageName": "NTLM V2" if ntlm else "-",
            "KeyLength": "128" if ntlm else "0",
            "ProcessId": "0x0" if image == "-" else "0x3dc",
            "ProcessName": image,
            "IpAddress": address,
            "IpPort": str(port) if port else ("-" if address == "-" else "0"),
            "ImpersonationLevel": "%%1833",
            "RestrictedAdminMode": "-",
            "TargetOutboundUserName": outbound.name if outbound else "-",
            "TargetOutboundDomainName": outbound.domain if outbound else "-",
            "VirtualAccount": "%%1843",
            "TargetLinkedLogonId": "0x0",
            "ElevatedToken": "%%1842" if elevated else "%%1843",
        },
        number,
    )
    if elevated:
        special(station, ms, account, identifier, number)
    return identifier


def special(station: Station, ms: int, account: Account, identifier: str, number: int = BENIGN) -> None:
    """Write the privileges of a new logon (4672)."""
    data = {
        "SubjectUserSid": account.sid,
        "SubjectUserName": account.name,
        "SubjectDomainName": account.domain,
        "SubjectLogonId": identifier,
        "PrivilegeList": _PRIVILEGES,
    }
    station.emit(ms, "4672", data, number)


def logoff(station: Station, ms: int, account: Account, identifier: str, kind: int, number: int = BENIGN) -> None:  # noqa: PLR0917 - in the order of the record
    """Write a logoff (4634)."""
    data = {
        "TargetUserSid": account.sid,
        "TargetUserName": account.name,
        "TargetDomainName": account.domain,
        "TargetLogonId": identifier,
        "LogonType": str(kind),
    }
    station.emit(ms, "4634", data, number)


def failed_logon(
    station: Station,
    ms: int,
    name: str,
    kind: int,
    number: int = BENIGN,
    *,
    address: str = "-",
    workstation: str = "-",
    known: bool = True,
) -> None:
    """Write a failed logon (4625): a wrong password, or an account that is not there where `known` is false."""
    process, package, image = _BY_TYPE[kind]
    if kind == 3:
        process, package = "NtLmSsp ", "NTLM"
    data = {
        "SubjectUserSid": "S-1-0-0" if kind == 3 else "S-1-5-18",
        "SubjectUserName": "-" if kind == 3 else station.machine.account,
        "SubjectDomainName": "-" if kind == 3 else NETBIOS,
        "SubjectLogonId": "0x0" if kind == 3 else "0x3e7",
        "TargetUserSid": "S-1-0-0",
        "TargetUserName": name,
        "TargetDomainName": NETBIOS,
        "Status": "0xc000006d",
        "FailureReason": "%%2313",
        "SubStatus": "0xc000006a" if known else "0xc0000064",
        "LogonType": str(kind),
        "LogonProcessName": process,
        "AuthenticationPackageName": package,
        "WorkstationName": workstation,
        "TransmittedServices": "-",
        "LmPackageName": "-",
        "KeyLength": "0",
        "ProcessId": "0x0" if image == "-" else "0x3dc",
        "ProcessName": image,
        "IpAddress": address,
        "IpPort": "0",
    }
    station.emit(ms, "4625", data, number)


def explicit_logon(  # noqa: PLR0917 - in the order of the record
    station: Station, ms: int, by: Account, account: Account, target: str, image: str, number: int = BENIGN
) -> None:
    """Write that a process used another account's password towards `target` (4648)."""
    data = {
        "SubjectUserSid": by.sid,
        "SubjectUserName": by.name,
        "SubjectDomainName": by.domain,
        "SubjectLogonId": "0x3e7" if by.sid == "S-1-5-18" else station.next_logon(),
        "LogonGuid": _EMPTY_GUID,
        "TargetUserName": account.name,
        "TargetDomainName": account.domain,
        "TargetLogonGuid": _EMPTY_GUID,
        "TargetServerName": target,
        "TargetInfo": f"TERMSRV/{target}" if image.endswith("mstsc.exe") else target,
        "ProcessId": "0x1a4c",
        "ProcessName": image,
        "IpAddress": "-",
        "IpPort": "-",
    }
    station.emit(ms, "4648", data, number)


def remote_session(  # noqa: PLR0917 - in the order of the record
    station: Station,
    ms: int,
    account: Account,
    address: str,
    rng: Random,
    number: int = BENIGN,
    *,
    until: int | None = None,
    elevated: bool = True,
) -> None:
    """Write a Remote Desktop session: 1149, 4624 (types 3 and 10), 4672, session 21; its end where `until` is given."""
    session = {"User": account.full, "SessionID": str(rng.randrange(2, 9))}
    who = {"Param1": account.name, "Param2": account.domain, "Param3": address}
    workstation = station.machine.name
    station.emit(ms, "connections 1149", who, number, pid=1208)
    logon(station, ms + 180, account, 3, number, address=address, workstation=workstation, ntlm=True)
    identifier = logon(station, ms + 2 * SECOND, account, 10, number, address=address, elevated=elevated)
    station.emit(ms + 2400, "sessions 21", session | {"Address": address}, number, pid=1208)
    if until is not None:
        logoff(station, until, account, identifier, 10, number)
        if rng.random() < 0.5:
            station.emit(until, "sessions 23", session, number, pid=1208)
        else:
            station.emit(until - 40, "sessions 24", session | {"Address": address}, number, pid=1208)


def ticket(
    station: Station,
    ms: int,
    account: str,
    address: str,
    number: int = BENIGN,
    *,
    service: str = "krbtgt",
    sid: str = "",
) -> None:
    """Write a Kerberos ticket on the domain controller: 4768 for `krbtgt`, else 4769 for the service."""
    shared = {"TicketOptions": "0x40810010", "Status": "0x0", "TicketEncryptionType": "0x12"}
    place = {"IpAddress": f"::ffff:{address}", "IpPort": str(49152 + len(account) * 371 % 16000)}
    if service == "krbtgt":
        data = {
            "TargetUserName": account,
            "TargetDomainName": NETBIOS,
            "TargetSid": sid or "S-1-0-0",
            "ServiceName": "krbtgt",
            "ServiceSid": f"{SID}-502",
            **shared,
            "PreAuthType": "2",
            **place,
            "CertIssuerName": "",
            "CertSerialNumber": "",
            "CertThumbprint": "",
        }
        station.emit(ms, "4768", data, number)
        return
    data = {
        "TargetUserName": f"{account}@{DOMAIN.upper()}",
        "TargetDomainName": DOMAIN.upper(),
        "ServiceName": service,
        "ServiceSid": f"{SID}-{1600 + len(service)}",
        **shared,
        **place,
        "LogonGuid": f"{{{station.next_logon()[2:]:0>8}-77aa-4e21-b1c0-5d2f9a8e4410}}",
        "TransmittedServices": "-",
    }
    station.emit(ms, "4769", data, number)


def share_access(  # noqa: PLR0917 - in the order of the record
    station: Station, ms: int, account: Account, share: str, address: str, identifier: str, number: int = BENIGN
) -> None:
    """Write that a share was opened over the network (5140)."""
    data = {
        "SubjectUserSid": account.sid,
        "SubjectUserName": account.name,
        "SubjectDomainName": account.domain,
        "SubjectLogonId": identifier,
        "ObjectType": "File",
        "IpAddress": address,
        "IpPort": str(49152 + len(account.name) * 613 % 16000),
        "ShareName": f"\\\\*\\{share}",
        "ShareLocalPath": f"\\??\\D:\\{share}" if not share.endswith("$") else "\\??\\C:\\",
        "AccessMask": "0x1",
        "AccessList": "%%4416\n\t\t\t\t",
    }
    station.emit(ms, "5140", data, number)


def failed_ticket(station: Station, ms: int, account: str, sid: str, address: str) -> None:
    """Write a wrong password towards the domain controller (4771, status 0x18)."""
    data = {
        "TargetUserName": account,
        "TargetSid": sid,
        "ServiceName": f"krbtgt/{NETBIOS}",
        "TicketOptions": "0x40810010",
        "Status": "0x18",
        "PreAuthType": "2",
        "IpAddress": f"::ffff:{address}",
        "IpPort": str(49152 + len(account) * 371 % 16000),
        "CertIssuerName": "",
        "CertSerialNumber": "",
        "CertThumbprint": "",
    }
    station.emit(ms, "4771", data)
