"""ECS fields of further channels: services, Defender, BITS, scheduled tasks, remote desktop, WMI, AppLocker, Exchange.

Event ids and the names of their data are Microsoft's; the categories follow ECS's own definitions.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

from collectors.windows.fill import (
    classify,
    datum,
    plain_address,
    put,
    put_account,
    put_address,
    put_file,
    put_hashes,
    put_number,
    put_process,
)
from engine.events import Fields

_DEFENDER_FOUND: Final = frozenset({"1006", "1015", "1116", "1120"})
_DEFENDER_ACTED: Final = frozenset({"1007", "1008", "1117", "1118", "1119"})
_DEFENDER_OFF: Final = frozenset({"5001", "5010", "5012"})
_NETLOGON: Final = frozenset({"5827", "5828", "5829", "5830", "5831"})


def system_channel(fields: Fields) -> None:
    """Add the fields of the System channel: services installed and changed, the log cleared, shutdowns."""
    code, provider = str(fields.get("event.code", "")), str(fields.get("event.provider", "")).lower()
    if provider == "service control manager":
        put(fields, "service.name", datum(fields, "ServiceName", "param1"))
        if code == "7045":
            classify(fields, ("configuration",), ("creation",), "service-installed")
            put_account(fields, "user", datum(fields, "AccountName"))
            _command(fields, datum(fields, "ImagePath"))
        elif code in ("7031", "7034"):
            classify(fields, ("process",), ("end", "error"), "service-crashed")
        elif code in ("7040", "7036"):
            classify(fields, ("configuration",), ("change",), "service-changed" if code == "7040" else "service-state")
    elif code == "104" and provider == "microsoft-windows-eventlog":
        classify(fields, ("iam",), ("admin", "change"), "audit-log-cleared")
        put(fields, "user.name", datum(fields, "SubjectUserName"))
        put(fields, "user.domain", datum(fields, "SubjectDomainName"))
    elif code in ("1074", "6006", "6008"):
        classify(fields, ("host",), ("end",), "system-shutdown")
        put_account(fields, "user", datum(fields, "param7"))
    elif code in ("6005", "12"):
        classify(fields, ("host",), ("start",), "system-started")
    elif provider == "netlogon" and code in _NETLOGON:
        _netlogon(fields, refused=code in {"5827", "5828"})


def _netlogon(fields: Fields, *, refused: bool) -> None:
    """Add the machine that used a vulnerable secure channel (CVE-2020-1472), and whether it was let in."""
    verdict, outcome = ("denied", "failure") if refused else ("allowed", "success")
    classify(fields, ("authentication",), ("start", verdict), f"vulnerable-secure-channel-{verdict}")
    fields.setdefault("event.outcome", outcome)
    put(fields, "user.name", datum(fields, "SamAccountName", "param1"))
    put(fields, "user.domain", datum(fields, "DomainName", "param2"))


def _command(fields: Fields, path: str | None) -> None:
    """Set `file.path` from a service's command line: the quoted part, or all up to the program's ending."""
    if path is None:
        return
    if path.startswith('"'):
        put_file(fields, path[1:].partition('"')[0])
        return
    for ending in (".exe", ".sys", ".dll"):
        at = path.lower().find(ending)
        if at != -1:
            put_file(fields, path[: at + 4])
            return
    put_file(fields, path.partition(" ")[0])


def defender(fields: Fields) -> None:
    """Add the fields of Microsoft Defender: the threat, its file, the process and the user."""
    code = str(fields.get("event.code", ""))
    if code in _DEFENDER_FOUND:
        classify(fields, ("malware",), ("info",), "malware-detected")
    elif code in _DEFENDER_ACTED:
        classify(fields, ("malware",), ("info",), "malware-action-taken")
    elif code in _DEFENDER_OFF:
        classify(fields, ("configuration",), ("change",), "protection-disabled")
    elif code in ("5004", "5007"):
        classify(fields, ("configuration",), ("change",), "protection-configuration-changed")
    put(fields, "rule.name", datum(fields, "ThreatName"))
    process = datum(fields, "ProcessName")
    if process and process.lower() != "unknown":
        put_process(fields, "process", process)
    put_account(fields, "user", datum(fields, "DetectionUser", "User"))
    _resources(fields, datum(fields, "Path", "Threatresourcepath"))
    put_hashes(fields, (datum(fields, "Hashes") or "").replace(":", "=").replace(";", ","), "file")


def _resources(fields: Fields, paths: str | None) -> None:
    """Set the first file of Defender's `file:_C:\\..;process:_pid:..` list."""
    for part in (paths or "").split(";")[:32]:
        kind, _, path = part.strip().partition(":_")
        if path and kind in ("file", "containerfile", "behavior"):
            put_file(fields, path.removeprefix("pid:").partition("->")[0])
            return


def bits(fields: Fields) -> None:
    """Add the fields of background transfers: the address asked, the file written, the job's owner."""
    if str(fields.get("event.code", "")) == "3":
        classify(fields, ("network", "file"), ("creation",), "created-transfer")
    put_account(fields, "user", datum(fields, "User", "jobOwner", "string3"))
    url = datum(fields, "url", "RemoteName")
    if url and "://" in url[:16]:
        _url(fields, url)
        classify(fields, ("network", "file"), ("info",), None)
    put_file(fields, datum(fields, "LocalName"))
    put(fields, "file.owner", datum(fields, "jobOwner"))


def _url(fields: Fields, url: str) -> None:
    put(fields, "url.original", url)
    put(fields, "url.full", url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return
    put(fields, "url.scheme", parts.scheme)
    put(fields, "url.domain", host)
    put(fields, "url.path", parts.path)
    put(fields, "url.query", parts.query)
    put(fields, "url.port", port)
    if host and plain_address(host):
        put_address(fields, "destination", host)
    else:
        put(fields, "destination.domain", host)
        put(fields, "destination.address", host)


def tasks(fields: Fields) -> None:
    """Add the fields of the task scheduler: the task, who registered it, what it starts."""
    code = str(fields.get("event.code", ""))
    kinds = {"106": ("creation", "registered"), "140": ("change", "updated"), "141": ("deletion", "deleted")}
    if code in kinds:
        kind, word = kinds[code]
        classify(fields, ("configuration",), (kind,), f"scheduled-task-{word}")
    elif code in ("129", "200", "201"):
        classify(fields, ("process",), ("end" if code == "201" else "start",), "scheduled-task-run")
    put_account(fields, "user", datum(fields, "UserContext", "UserName"))
    put_process(fields, "process", datum(fields, "Path", "ActionName") if code in ("129", "200", "201") else None)
    put_number(fields, "process.pid", "ProcessID") if code == "129" else None


def remote_desktop(fields: Fields) -> None:
    """Add the fields of remote desktop sessions: who, and from where."""
    code = str(fields.get("event.code", ""))
    ended = code in ("23", "24", "40")
    if code in ("21", "22", "23", "24", "25", "40", "1149"):
        action = "remote-desktop-session-" + ("ended" if ended else "started")
        classify(fields, ("authentication", "session"), ("end" if ended else "start",), action)
    account = datum(fields, "User")
    if account:
        put_account(fields, "user", account)
    else:
        put(fields, "user.name", datum(fields, "Param1"))
        put(fields, "user.domain", datum(fields, "Param2"))
    put_address(fields, "source", datum(fields, "Address", "IPString", "ClientIP", "Param3"))


def wmi(fields: Fields) -> None:
    """Add the fields of WMI activity: the client process and its user; a subscription that outlives a restart."""
    if str(fields.get("event.code", "")) in {"5859", "5860", "5861"}:
        classify(fields, ("configuration",), ("creation",), "wmi-subscription-registered")
    put_account(fields, "user", datum(fields, "User"))
    put_number(fields, "process.pid", "ClientProcessId", "processid", "Processid")


def applocker(fields: Fields) -> None:
    """Add the fields of AppLocker: the file, its hash and whether it was allowed."""
    code = str(fields.get("event.code", ""))
    denied = code in ("8004", "8007", "8022", "8025")
    classify(fields, ("process",), ("start", "denied" if denied else "allowed"), None)
    put_file(fields, datum(fields, "FullFilePath", "FilePath"))
    put(fields, "user.id", datum(fields, "TargetUser"))
    put_number(fields, "process.pid", "TargetProcessId")
    put(fields, "rule.name", datum(fields, "RuleName"))
    digest = (datum(fields, "FileHash") or "").lower()
    if len(digest) == 64:
        put(fields, "file.hash.sha256", digest)


def exchange(fields: Fields) -> None:
    """Add the categories of an Exchange cmdlet; the rest is set when the event is parsed."""
    classify(fields, ("iam", "configuration"), ("admin", "change"), None)
    verb = str(fields.get("exchange.cmdlet", "")).partition("-")[0].lower()
    if verb in ("get", "test", "search"):
        fields["event.type"] = ["admin", "access"]


def directory_service(fields: Fields) -> None:
    """Add the caller's address and account of the directory service's events (2889, 2946)."""
    message = str(fields.get("message", ""))[:4000]
    lines = [line.strip() for line in message.split("\n")]
    for label, following in pairwise(lines):
        if label in ("Caller IP:", "Client IP address:"):
            host, colon, port = following.rpartition(":")
            put_address(fields, "source", host if colon and host.count(":") != 1 and port.isdecimal() else following)
            if colon and port.isdecimal() and len(port) < 6:
                put(fields, "source.port", int(port))
        elif label == "Caller SID:":
            put(fields, "user.id", following)
        elif label == "Group Managed Service Account Object:":
            put(fields, "user.target.name", following.partition(",")[0].partition("=")[2])
