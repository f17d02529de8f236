"""ECS fields of channels that tell of the network and of what runs: firewall rules, DNS, SMB, NTLM, WinRM, OpenSSH,
code integrity, printer drivers; and of the Application log's installers, crashes and SQL Server.

Event ids and the names of their data are Microsoft's (https://learn.microsoft.com/windows-server/, the providers'
manifests); the categories follow ECS's own definitions.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.web.address import endpoint
from collectors.windows.fill import classify, datum, put, put_account, put_address, put_file, put_process
from collectors.windows.sysmon import RECORD_TYPES, resolved
from engine.events import Fields

_RULE_KINDS: Final = {
    **dict.fromkeys(("2004", "2071", "2097"), "creation"),
    **dict.fromkeys(("2005", "2073", "2099"), "change"),
    **dict.fromkeys(("2006", "2033", "2052", "2059"), "deletion"),
}
_FIREWALL_SETTINGS: Final = frozenset({"2002", "2003", "2082", "2083"})
# later ids from 4020 on are audits (https://support.microsoft.com/topic/5064479)
_NTLM_BLOCKED: Final = frozenset({"4001", "4002", "4003", "4004", "4005", "4006"})
_CLIENT: Final = re.compile(r"\[CLIENT: (?P<address>[^\]\s]{1,64})\]")
_INSTALLER: Final = {
    **dict.fromkeys(("1033", "11707"), ("installation", "installed-package")),
    **dict.fromkeys(("1034", "11724"), ("deletion", "removed-package")),
    "1035": ("change", "changed-package"),
}
_REFUSED_IMAGES: Final = frozenset({"3004", "3023", "3033", "3077"})


def firewall(fields: Fields) -> None:
    """Add which rule of the Windows firewall was changed, by whom and with which program."""
    code = str(fields.get("event.code", ""))
    if (kind := _RULE_KINDS.get(code)) is not None:
        word = {"creation": "added", "change": "changed", "deletion": "deleted"}[kind]
        classify(fields, ("configuration",), (kind,), f"windows-firewall-rule-{word}")
    elif code in _FIREWALL_SETTINGS:
        classify(fields, ("configuration",), ("change",), "windows-firewall-setting-changed")
    put(fields, "rule.name", datum(fields, "RuleName"))
    put(fields, "user.id", datum(fields, "ModifyingUser"))
    put_process(fields, "process", datum(fields, "ModifyingApplication"))


def dns_client(fields: Fields) -> None:
    """Add what was asked and what was answered."""
    if str(fields.get("event.code", "")) not in {"3006", "3008", "3016", "3018", "3019", "3020"}:
        return
    classify(fields, ("network",), ("connection", "protocol"), "dns-query")
    kind = datum(fields, "QueryType")
    put(fields, "dns.question.type", RECORD_TYPES.get(kind or "", kind))
    resolved(fields)


def smb_server(fields: Fields) -> None:
    """Add who could not log in to a share, or was refused one."""
    code = str(fields.get("event.code", ""))
    if code == "551":
        classify(fields, ("authentication",), ("start", "denied"), "share-logon-failed")
    elif code in {"1006", "1007"}:
        classify(fields, ("network", "file"), ("access", "denied"), "share-access-denied")
    else:
        return
    fields.setdefault("event.outcome", "failure")
    for name in ("ClientName", "ClientAddress"):  # the latter often in bytes, which say nothing here
        client = endpoint((datum(fields, name) or "").strip("\\"))
        put_address(fields, "source", client.ip)
        put(fields, "source.domain", client.domain if name == "ClientName" else None)
        put(fields, "source.port", client.port)
    put_account(fields, "user", datum(fields, "UserName"))


def ntlm(fields: Fields) -> None:
    """Add whose log-in with NTLM was seen or blocked, and from which machine."""
    code = str(fields.get("event.code", ""))
    if code.startswith(("80", "40")) and code not in _NTLM_BLOCKED:
        classify(fields, ("authentication",), ("start",), "ntlm-authentication-audited")
    elif code in _NTLM_BLOCKED:
        classify(fields, ("authentication",), ("start", "denied"), "ntlm-authentication-blocked")
        fields.setdefault("event.outcome", "failure")
    put(fields, "user.name", datum(fields, "UserName"))
    put(fields, "user.domain", datum(fields, "DomainName"))
    put(fields, "source.domain", datum(fields, "WorkstationName", "Workstation"))


def remote_management(fields: Fields) -> None:
    """Add the session of WinRM that was begun, and with which machine."""
    code = str(fields.get("event.code", ""))
    if code in {"6", "91"}:
        classify(fields, ("session", "network"), ("start",), "remote-shell-started")
        put(fields, "destination.domain", (datum(fields, "connection") or "").partition("/")[0])


def openssh(fields: Fields) -> None:
    """Add what sshd says in the payload, as in any log of it."""
    if (payload := datum(fields, "payload")) is not None:
        from collectors.auth.sshd import read_sshd  # noqa: PLC0415 - its patterns take their time, and few have it

        said: Fields = {}
        read_sshd(payload, said)
        for name, value in said.items():
            fields.setdefault(name, value)
        put(fields, "process.name", datum(fields, "process"))


def code_integrity(fields: Fields) -> None:
    """Add the image whose signature was not good enough, and the process that wanted it."""
    refused = str(fields.get("event.code", "")) in _REFUSED_IMAGES
    classify(fields, ("driver", "file"), ("denied" if refused else "info",), "image-refused" if refused else None)
    put_file(fields, datum(fields, "FileNameBuffer", "FileName"))
    put_process(fields, "process", datum(fields, "ProcessNameBuffer", "ProcessName"))


def print_service(fields: Fields) -> None:
    """Add that a printer's driver was added (316), or a plug-in could not be loaded (808)."""
    code = str(fields.get("event.code", ""))
    if code == "316":
        classify(fields, ("driver", "configuration"), ("creation",), "printer-driver-added")
    elif code == "808":
        classify(fields, ("driver",), ("error",), "print-plugin-not-loaded")


def application(fields: Fields) -> None:
    """Add what the Application log tells of packages, crashed programs and log-ins to SQL Server."""
    code, provider = str(fields.get("event.code", "")), str(fields.get("event.provider", "")).lower()
    if provider == "msiinstaller" and (known := _INSTALLER.get(code)) is not None:
        classify(fields, ("package",), (known[0],), known[1])
        put(fields, "package.name", datum(fields, "param1"))
    elif provider == "application error" and code == "1000":
        classify(fields, ("process",), ("end", "error"), "crashed")
        put_process(fields, "process", datum(fields, "AppPath", "param11"))
        put(fields, "process.name", datum(fields, "AppName", "param1"))
    elif provider.startswith("mssql") and code in {"18453", "18454", "18456"}:
        failed = code == "18456"
        classify(fields, ("database", "authentication"), ("start",), "login-failed" if failed else "login")
        fields["event.outcome"] = "failure" if failed else "success"
        put_account(fields, "user", datum(fields, "param1"))
        text = " ".join((datum(fields, "param2") or "", datum(fields, "param3") or "", str(fields.get("message", ""))))
        *_, client = (None, *_CLIENT.finditer(text[-4096:]))  # the server's own words stand behind the name tried
        if client is not None:
            put_address(fields, "source", client["address"])
