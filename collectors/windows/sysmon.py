"""ECS fields of Sysmon's events, after winlogbeat's Sysmon module and Sysmon's own event schema."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from collectors.windows.fill import (
    classify,
    copy,
    datum,
    put,
    put_account,
    put_address,
    put_command,
    put_file,
    put_hashes,
    put_number,
    put_process,
)
from collectors.windows.system import moment_of
from engine.events import Fields

_PROCESS: Final = ("process",)
_FILE: Final = ("file",)
_REGISTRY: Final = ("configuration", "registry")
_CHANGE: Final = ("change",)
_ACTIONS: Final = {
    "1": (_PROCESS, ("start",), "Process creation"),
    "2": (_FILE, _CHANGE, "A process changed a file creation time"),
    "3": (("network",), ("start", "connection", "protocol"), "Network connection"),
    "4": (_PROCESS, _CHANGE, "Sysmon service state changed"),
    "5": (_PROCESS, ("end",), "Process terminated"),
    "6": (("driver",), ("start",), "Driver loaded"),
    "7": (_PROCESS, _CHANGE, "Image loaded"),
    "8": (_PROCESS, _CHANGE, "CreateRemoteThread"),
    "9": (_PROCESS, ("access",), "RawAccessRead"),
    "10": (_PROCESS, ("access",), "ProcessAccess"),
    "11": (_FILE, ("creation",), "FileCreate"),
    "12": (_REGISTRY, _CHANGE, "RegistryEvent (Object create and delete)"),
    "13": (_REGISTRY, _CHANGE, "RegistryEvent (Value Set)"),
    "14": (_REGISTRY, _CHANGE, "RegistryEvent (Key and Value Rename)"),
    "15": (_FILE, ("access",), "FileCreateStreamHash"),
    "16": (("configuration",), _CHANGE, "ServiceConfigurationChange"),
    "17": (_FILE, ("creation",), "PipeEvent (Pipe Created)"),
    "18": (_FILE, ("access",), "PipeEvent (Pipe Connected)"),
    "19": (_PROCESS, ("info",), "WmiEvent (WmiEventFilter activity detected)"),
    "20": (_PROCESS, _CHANGE, "WmiEvent (WmiEventConsumer activity detected)"),
    "21": (_PROCESS, ("access",), "WmiEvent (WmiEventConsumerToFilter activity detected)"),
    "22": (("network",), ("connection", "protocol", "info"), "DNSEvent (DNS query)"),
    "23": (_FILE, ("deletion",), "FileDelete (File Delete archived)"),
    "24": ((), _CHANGE, "ClipboardChange (New content in the clipboard)"),
    "25": (_PROCESS, _CHANGE, "ProcessTampering (Process image change)"),
    "26": (_FILE, ("deletion",), "FileDeleteDetected (File Delete logged)"),
    "27": (_FILE, ("creation",), "FileBlockExecutable"),
    "28": (_FILE, ("deletion",), "FileBlockShredding"),
    "29": (_FILE, ("creation",), "FileExecutableDetected"),
    "255": (_PROCESS, (), "Error"),
}
_PE: Final = {
    "Company": "company",
    "Description": "description",
    "FileVersion": "file_version",
    "OriginalFileName": "original_file_name",
    "Product": "product",
}
# What ECS names of a loaded library under `dll` as well as under `file`.
_OF_LIBRARY: Final = ("file.path", "file.name", "file.hash.", "file.code_signature.", "file.pe.")
_FILE_HASHES: Final = frozenset({"6", "7", "15", "26", "27", "29"})
_HIVES: Final = ("HKLM", "HKU", "HKCR", "HKCU", "HKCC")
RECORD_TYPES: Final = {
    "1": "A", "2": "NS", "5": "CNAME", "6": "SOA", "12": "PTR", "13": "HINFO", "15": "MX", "16": "TXT", "17": "RP",
    "18": "AFSDB", "24": "SIG", "25": "KEY", "28": "AAAA", "29": "LOC", "33": "SRV", "35": "NAPTR", "36": "KX",
    "37": "CERT", "39": "DNAME", "41": "OPT", "43": "DS", "46": "RRSIG", "47": "NSEC", "48": "DNSKEY", "49": "DHCID",
    "64": "SVCB", "65": "HTTPS", "249": "TKEY", "250": "TSIG", "251": "IXFR", "252": "AXFR", "255": "ANY",
    "65281": "WINS", "65282": "WINSR",
}  # fmt: skip
_MOST_ANSWERS: Final = 256


def sysmon(fields: Fields) -> None:
    """Add the ECS fields of a Sysmon event."""
    code = str(fields.get("event.code", ""))
    action = _ACTIONS.get(code)
    if action is not None:
        classify(fields, *action)
    put(fields, "rule.name", datum(fields, "RuleName"))
    _process(fields, code)
    put(fields, "user.id", fields.get("winlog.user.identifier"))
    put_account(fields, "user", datum(fields, "User", "SourceUser"))
    if code in ("2", "9", "11", "15", "23", "26", "27", "28", "29"):
        put_file(fields, datum(fields, "TargetFilename", "Device"))
    if code in ("17", "18"):
        put(fields, "file.name", datum(fields, "PipeName"))
    if code in ("6", "7"):
        _loaded(fields, code)
    if code in _FILE_HASHES:
        put_hashes(fields, datum(fields, "Hashes", "Hash"), "file")
    if code == "7":
        for name in [item for item in fields if item.startswith(_OF_LIBRARY)]:
            put(fields, "dll" + name.removeprefix("file"), fields[name])
    created = moment_of(datum(fields, "CreationUtcTime"), UTC)
    put(fields, "file.created", created)
    special = _SPECIAL.get(code)
    if special is not None:
        special(fields)


def _process(fields: Fields, code: str) -> None:
    put(fields, "process.entity_id", datum(fields, "ProcessGuid", "SourceProcessGuid", "SourceProcessGUID"))
    put_number(fields, "process.pid", "ProcessId", "SourceProcessId")
    put_number(fields, "process.thread.id", "SourceThreadId")
    put_process(fields, "process", datum(fields, "Image", "SourceImage"))
    put_command(fields, "process", datum(fields, "CommandLine"))
    put(fields, "process.working_directory", datum(fields, "CurrentDirectory"))
    put(fields, "process.parent.entity_id", datum(fields, "ParentProcessGuid"))
    put_number(fields, "process.parent.pid", "ParentProcessId")
    put_process(fields, "process.parent", datum(fields, "ParentImage"))
    put_command(fields, "process.parent", datum(fields, "ParentCommandLine"))
    if code == "1":
        copy(fields, {name: f"process.pe.{target}" for name, target in _PE.items()})
    if code in ("1", "23", "24", "25"):
        put_hashes(fields, datum(fields, "Hashes", "Hash"), "process")


def _loaded(fields: Fields, code: str) -> None:
    put_file(fields, datum(fields, "ImageLoaded"))
    put(fields, "file.code_signature.subject_name", datum(fields, "Signature"))
    status = datum(fields, "SignatureStatus")
    put(fields, "file.code_signature.status", status)
    signed = datum(fields, "Signed")
    if signed is not None:
        fields.setdefault("file.code_signature.signed", signed.lower() == "true")
    if status is not None:
        fields.setdefault("file.code_signature.valid", status == "Valid")
    if code == "7":
        copy(fields, {name: f"file.pe.{target}" for name, target in _PE.items()})


def _connection(fields: Fields) -> None:
    put(fields, "network.transport", datum(fields, "Protocol"))
    put(fields, "network.protocol", datum(fields, "DestinationPortName", "SourcePortName"))
    initiated = datum(fields, "Initiated")
    if initiated is not None:
        put(fields, "network.direction", "egress" if initiated.lower() == "true" else "ingress")
    version = datum(fields, "SourceIsIpv6")
    if version is not None:
        put(fields, "network.type", "ipv6" if version.lower() == "true" else "ipv4")
    for side, name in (("source", "Source"), ("destination", "Destination")):
        put_address(fields, side, datum(fields, f"{name}Ip"))
        put_number(fields, f"{side}.port", f"{name}Port")
        put(fields, f"{side}.domain", datum(fields, f"{name}Hostname"))


def _registry(fields: Fields) -> None:
    path = datum(fields, "TargetObject")
    if path is None:
        return
    hive, _, rest = path.partition("\\")
    put(fields, "registry.path", path)
    named = fields.get("event.code") == "13" or (datum(fields, "EventType") or "").endswith("Value")
    if hive in _HIVES:
        put(fields, "registry.hive", hive)
        put(fields, "registry.key", rest.rpartition("\\")[0] if named else rest)
    if named:
        put(fields, "registry.value", path.rpartition("\\")[2])
    details = datum(fields, "Details")
    if details is not None and fields.get("event.code") == "13":
        _registry_data(fields, details)


def _registry_data(fields: Fields, details: str) -> None:
    kind, _, rest = details.partition(" (")
    digits = rest.rstrip(")")
    if kind in ("DWORD", "QWORD") and digits:
        put(fields, "registry.data.type", f"REG_{kind}")
        put(fields, "registry.data.strings", [_decimal(digits)])
    elif details == "Binary Data":
        put(fields, "registry.data.type", "REG_BINARY")
    elif details:
        put(fields, "registry.data.type", "REG_SZ")
        put(fields, "registry.data.strings", [details])


def _decimal(digits: str) -> str:
    """Return Sysmon's `0x00000001` or `0x00000000-0x00000001` as a decimal number."""
    try:
        high, dash, low = digits.partition("-")
        return str((int(high, 16) << 32) + int(low, 16)) if dash else str(int(high, 16))
    except ValueError:
        return digits


def _query(fields: Fields) -> None:
    put(fields, "sysmon.dns.status", datum(fields, "QueryStatus"))
    resolved(fields)


def resolved(fields: Fields) -> None:
    """Add the name that was asked for and what it resolved to: `type:  5 a.example;192.0.2.1;`."""
    fields.setdefault("network.protocol", "dns")
    put(fields, "dns.question.name", datum(fields, "QueryName"))
    results = datum(fields, "QueryResults")
    if results is None or "dns.answers.data" in fields:
        return
    answers: list[tuple[str, str]] = []
    addresses: list[str] = []
    for answer in results.split(";")[:_MOST_ANSWERS]:
        words = answer.split()
        if words[:1] == ["type:"] and len(words) == 3:
            answers.append((RECORD_TYPES.get(words[1], words[1]), words[2]))
        elif len(words) == 1:
            plain = words[0].removeprefix("::ffff:")
            addresses.append(plain)
    answers += [("AAAA" if ":" in address else "A", address) for address in addresses]
    put(fields, "dns.answers.type", [kind for kind, _ in answers])
    put(fields, "dns.answers.data", [data for _, data in answers])
    put(fields, "dns.resolved_ip", addresses)


def _tampering(fields: Fields) -> None:
    put(fields, "message", datum(fields, "Type"))


def _error(fields: Fields) -> None:
    put(fields, "error.code", datum(fields, "ID"))
    fields.setdefault("event.outcome", "failure")


def _consumer(fields: Fields) -> None:
    """Add what a WMI consumer does: the log file that it writes, the program that it starts; a script has no path.

    Sysmon writes a blank, then the value quoted and its backslashes escaped.
    """
    target = (datum(fields, "Destination") or "").strip().strip('"').replace("\\\\", "\\")
    kind = (datum(fields, "Type") or "").lower()
    if kind == "log file":
        put_file(fields, target)
    elif kind != "script":
        put_process(fields, "process", target)


_SPECIAL: Final = {
    "3": _connection,
    "12": _registry,
    "13": _registry,
    "14": _registry,
    "20": _consumer,
    "22": _query,
    "25": _tampering,
    "255": _error,
}
