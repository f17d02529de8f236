"""Cisco IOS, IOS XE, IOS XR and NX-OS: system messages of switches and routers (`%SYS-5-CONFIG_I: ...`).

Format: "Cisco IOS System Message Guide" (cisco.com). Field names are those of Elastic's integration `cisco_ios`; stamps
without a zone are in `Options.zone`, those with a zone's name in that zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.cisco.header import LEVELS
from collectors.cisco.header import MARK as FIREWALL
from collectors.cisco.ios_header import LONGEST, MARK, read_prefix
from collectors.cisco.ios_messages import text_fields
from collectors.network.device import DeviceSource
from collectors.source import Options
from collectors.syslog import Header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

_FAILED = re.compile(r"FAIL|REJECT|DENIED|BADAUTH|INVALID")
_PASSED = re.compile(r"PASS|SUCCESS|ACCEPT|LOGIN_OK|GRANT")
_LOGIN = re.compile(r"LOGIN|AUTH(?!MGR)|MAB|DOT1X|SECURITYD|TACACS|RADIUS|WEBAUTH|LOGGINGHOST_FAIL")
_RESULTS = re.compile(r"FAIL|PASS|SUCCESS|REJECT|DENIED|BADAUTH|INVALID|LOGOUT|TIMEOUT|ACCEPT")
_SESSION = re.compile(r"SESSION|SSH2?_|LOGOUT|TTY_EXPIRE|CLEAR")
_CONFIGURED = re.compile(r"CONFIG|CFG|COMMIT")
_END = re.compile(r"CLOSE|LOGOUT|DISCONNECT|EXPIRE|TERMINAT")
_SSH_LOGIN = re.compile(r"SSH2?_USERAUTH")
_FLOW_WORD = re.compile(r"(?:\(target:class\)-\(\S{1,128}\): ?)?(?P<word>\w{1,16})")
_FLOW_ENDS = {"Start": "start", "Stop": "end", "Dropping": "denied"}
_NOT_LOGIN = re.compile(r"PRIV_AUTH_PASS|UPDOWN")
# NX-OS passes on what its daemons say: `%DAEMON-3-SYSTEM_MSG: error: PAM: Authentication failure for ...`
_DAEMON_FAILED = re.compile(r"Authentication (?:failure|failed)\b|Failed password\b|\bLogin failed\b", re.IGNORECASE)
_PORT_ACCESS = frozenset(("AUTHMGR", "SESSION_MGR"))  # 802.1X and MAC authentication of what is plugged in
_PORT_RESULT = re.compile(
    r"(?:Switch \S{1,9} \S{1,9}: \w{1,32}: )?(?:Authentication|Authorization) (?:failed|succeeded)"
)


def _read(line: str, options: Options) -> Fields:
    found = MARK.search(line, 0, LONGEST + 200)
    if found is None or found.start() > LONGEST:
        raise MalformedRecordError("no message of IOS: %FACILITY-level-MNEMONIC: is missing")
    header = read_prefix(line[: found.start()], options)
    inner = MARK.search(line, found.end(), found.end() + LONGEST) if found["mnemonic"] == "PLATFORM" else None
    found = (
        inner or found
    )  # IOS XE passes on what its forwarding engine says as `%IOSXE-6-PLATFORM: ... %FW-6-DROP_PKT:`
    text, level = line[found.end() :].strip(), int(found["level"])
    fields: Fields = {
        "event.dataset": "cisco_ios.log",
        "event.module": "cisco",
        "event.provider": "firewall",
        "event.code": found["mnemonic"],
        "event.severity": level,
        "log.level": LEVELS[level],
        "cisco.ios.facility": found["facility"],
        "message": text,
        "observer.vendor": "Cisco",
        "observer.product": "ios",
    }
    if header.timestamp is not None:
        fields["@timestamp"] = header.timestamp
    for name, value in _named(header.host or options.host, header.sequence, header.process, header.pid):
        fields[name] = value
    if header.is_unset:
        fields["cisco.ios.clock"] = "not synchronised"
    fields.update(syslog_fields(Header(kind="rfc3164", message="", priority=header.priority)))
    fields.update(text_fields(text))
    _classify(found["facility"], found["mnemonic"], text, fields)
    return fields


def _named(
    host: str | None, sequence: int | None, process: str | None, pid: int | None
) -> Iterator[tuple[str, str | int]]:
    if host:
        yield "host.name", host
        yield "observer.hostname", host
    if sequence is not None:
        yield "event.sequence", sequence
        yield "cisco.ios.message_count", sequence
    if process:
        yield "process.name", process
    if pid is not None:
        yield "process.pid", pid


def _classify(facility: str, mnemonic: str, text: str, fields: Fields) -> None:
    """Set category, type and outcome: log-ins, sessions, configuration, access lists, and what remains."""
    fields.setdefault("event.reason", text)
    if "cisco.ios.access_list" in fields:
        denied = fields["event.action"] == "deny"
        fields["event.category"] = ["network"]
        fields["event.type"] = ["connection", "denied" if denied else "allowed"]
        fields["event.outcome"] = "failure" if denied else "success"
        return
    word = f"{facility}_{mnemonic}"
    if "destination.port" in fields and (kind := _flow_end(text)) is not None:
        fields["event.category"], fields["event.type"] = ["network"], ["connection", kind]
        return
    if _SSH_LOGIN.search(mnemonic):
        fields["event.category"], fields["event.type"] = ["authentication", "session", "network"], ["start", "info"]
        fields["event.outcome"] = "success" if text.rstrip(". ").endswith("Succeeded") else "failure"
        return
    if _told_by_another(facility, mnemonic, text):
        fields["event.category"], fields["event.type"] = ["authentication"], ["start"]
        fields["event.outcome"] = "success" if "SUCCESS" in mnemonic else "failure"
        return
    if _LOGIN.search(word) and _RESULTS.search(mnemonic) and not _NOT_LOGIN.search(mnemonic):
        fields["event.category"] = ["authentication"]
        fields["event.type"] = ["end"] if _END.search(mnemonic) or "LOGGINGHOST" in mnemonic else ["start"]
        if _FAILED.search(mnemonic):
            fields["event.outcome"] = "failure"
        elif _PASSED.search(mnemonic):
            fields["event.outcome"] = "success"
    elif _CONFIGURED.search(mnemonic):
        fields["event.category"] = ["configuration", "network"]
        fields["event.type"] = ["change", "info"]
        if "PARSER" in facility:
            fields["event.category"] = ["configuration", "host", "network"]
    elif _SESSION.search(mnemonic):
        fields["event.category"] = ["session", "network"]
        fields["event.type"] = ["end"] if _END.search(mnemonic) else ["start", "info"]
    else:
        fields["event.category"] = ["host", "network"]
        fields["event.type"] = ["info"]


def _told_by_another(facility: str, mnemonic: str, text: str) -> bool:
    """Tell the result of a log-in whose facility or mnemonic does not say that it is one."""
    if mnemonic == "SYSTEM_MSG":
        return _DAEMON_FAILED.search(text) is not None
    return facility in _PORT_ACCESS and _PORT_RESULT.match(text) is not None


def _flow_end(text: str) -> str | None:
    """Return what became of a session that the router's firewall inspects."""
    found = _FLOW_WORD.match(text)
    return None if found is None else _FLOW_ENDS.get(found["word"])


def _own(line: str) -> bool:
    found = MARK.search(line, 0, LONGEST + 200)
    return found is not None and found.start() <= LONGEST and FIREWALL.search(line, 0, 640) is None


SOURCE = DeviceSource(
    name="cisco_ios",
    aliases=("ios", "cisco_ios.log", "ios_xe", "ios_xr", "nxos", "cisco_nexus", "cisco_aironet", "aireos"),
    title="Cisco IOS, IOS XE, IOS XR and NX-OS system messages",
    own=_own,
    read=_read,
    weight=98,
)
