"""Event data out of a rendered message, for forms that carry no more, or lost some of it.

Sysmon's messages are lines of `Name: value`. The Security channel's have sections (`Subject:`) with labels
(`Account Name:`), which Microsoft's audit event reference gives for each event; English and French are read. Where a
relay took the line ends out, the known labels alone divide the text, and of several with one name the first counts.

Names of accounts, machines, files and commands are what the client or the attacker chose and may hold labels. So the
address of a log-on is the last one, for it stands behind the names; where a file's name stands behind it, it is the
first; events of processes, objects and services have none; and a command line, the last of its event, is read whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

_SYSMON: Final = "windows.sysmon_operational"
_SECURITY: Final = "system.security"
_MOST_LINES: Final = 400

_SUBJECT: Final = {
    "security id": "SubjectUserSid",
    "account name": "SubjectUserName",
    "account domain": "SubjectDomainName",
    "logon id": "SubjectLogonId",
    "user name": "AccountName",
    "domain": "AccountDomain",
}
_TARGET: Final = {
    "security id": "TargetSid",
    "account name": "TargetUserName",
    "account domain": "TargetDomainName",
    "logon id": "TargetLogonId",
    "logon guid": "LogonGuid",
}
_LABELS: Final[dict[str, dict[str, str]]] = {
    "subject": _SUBJECT,
    "creator subject": _SUBJECT,
    "new logon": {**_TARGET, "security id": "TargetUserSid", "linked logon id": "TargetLinkedLogonId"},
    "target subject": {**_TARGET, "security id": "TargetUserSid"},
    "account for which logon failed": {**_TARGET, "security id": "TargetUserSid"},
    "account whose credentials were used": _TARGET,
    "account that was locked out": _TARGET,
    "account information": {**_TARGET, "supplied realm name": "TargetDomainName", "user id": "TargetSid"},
    "target account": _TARGET,
    "new account": _TARGET,
    "user": {**_TARGET, "fully qualified account name": "FullyQualifiedSubjectUserName"},
    "group": {"security id": "TargetSid", "group name": "TargetUserName", "group domain": "TargetDomainName"},
    "member": {"security id": "MemberSid", "account name": "MemberName"},
    "process information": {
        "process id": "ProcessId",
        "process name": "ProcessName",
        "caller process id": "ProcessId",
        "caller process name": "ProcessName",
        "new process id": "NewProcessId",
        "new process name": "NewProcessName",
        "creator process id": "ProcessId",
        "creator process name": "ParentProcessName",
        "process command line": "CommandLine",
        "token elevation type": "TokenElevationType",
    },
    "process": {"process id": "ProcessId", "process name": "ProcessName"},
    "application information": {"process id": "ProcessID", "application name": "Application"},
    "network information": {
        "workstation name": "WorkstationName",
        "source network address": "IpAddress",
        "source address": "IpAddress",
        "client address": "IpAddress",
        "network address": "IpAddress",
        "source port": "IpPort",
        "client port": "IpPort",
        "port": "IpPort",
        "object type": "ObjectType",
    },
    "logon information": {"logon type": "LogonType"},
    "service information": {
        "service name": "ServiceName",
        "service id": "ServiceSid",
        "service file name": "ServiceFileName",
    },
    "share information": {
        "share name": "ShareName",
        "share path": "ShareLocalPath",
        "relative target name": "RelativeTargetName",
    },
    "object": {
        "object name": "ObjectName",
        "object type": "ObjectType",
        "object server": "ObjectServer",
        "handle id": "HandleId",
    },
    "failure information": {"status": "Status", "sub status": "SubStatus"},
    "additional information": {"client address": "ClientAddress", "client name": "ClientName"},
    "task information": {"task name": "TaskName"},
}
_TOP: Final = {"logon type": "LogonType", "logon account": "TargetUserName", "source workstation": "Workstation"}
_FRENCH: Final = {
    "adresse du client": "client address",
    "adresse du réseau": "network address",
    "adresse réseau source": "source network address",
    "compte dont l'ouverture de session a échoué": "account for which logon failed",
    "domaine du compte": "account domain",
    "id d'ouverture de session": "logon id",
    "id de processus": "process id",
    "id de sécurité": "security id",
    "id du nouveau processus": "new process id",
    "id du processus": "process id",
    "id du processus créateur": "creator process id",
    "informations d'ouverture de session": "logon information",
    "informations sur le compte": "account information",
    "informations sur le processus": "process information",
    "informations sur le réseau": "network information",
    "informations sur le service": "service information",
    "ligne de commande du processus": "process command line",
    "nom de compte": "account name",
    "nom de la station de travail": "workstation name",
    "nom du compte": "account name",
    "nom du nouveau processus": "new process name",
    "nom du processus": "process name",
    "nom du processus créateur": "creator process name",
    "nouvelle ouverture de session": "new logon",
    "objet": "subject",
    "port client": "client port",
    "port source": "source port",
    "processus": "process",
    "sujet": "subject",
    "type d'ouverture de session": "logon type",
}


_SYSMON_NAMES: Final = (
    "Archived CallTrace CommandLine Company Configuration ConfigurationFileHash Consumer CreationUtcTime"
    " CurrentDirectory Description Destination DestinationHostname DestinationIp DestinationIsIpv6 DestinationPort"
    " DestinationPortName"
    " Details Device EventNamespace EventType FileVersion Filter GrantedAccess Hash Hashes Image ImageLoaded Initiated"
    " IntegrityLevel IsExecutable LogonGuid LogonId Name NewName NewThreadId Operation OriginalFileName"
    " ParentCommandLine ParentImage ParentProcessGuid ParentProcessId ParentUser PipeName PreviousCreationUtcTime"
    " ProcessGuid ProcessId Product Protocol Query QueryName QueryResults QueryStatus RuleName SchemaVersion Signature"
    " SignatureStatus Signed SourceHostname SourceImage SourceIp SourceIsIpv6 SourcePort SourcePortName"
    " SourceProcessGUID SourceProcessId SourceThreadId SourceUser StartAddress StartFunction StartModule State"
    " TargetFilename TargetImage TargetObject TargetProcessGUID TargetProcessId TargetUser TerminalSessionId Type User"
    " UtcTime Version"
)
_COMMAND_LINE: Final = "process command line"
_EXPLANATION: Final = "Token Elevation Type indicates"  # what stands behind the command line in the message of 4688
_PEER: Final = frozenset({"IpAddress", "IpPort", "ClientAddress"})
_PEER_FIRST: Final = frozenset({"5140", "5142", "5143", "5144", "5145", "5168"})  # shares
_PEERLESS: Final = frozenset({"4656", "4657", "4658", "4659", "4660", "4661", "4662", "4663", "4670", "4688", "4689",
                              "4690", "4691", "4696", "4697", "4698", "4699", "4700", "4701", "4702"})  # fmt: skip
_LONGEST_FLAT: Final = 64 * 1024  # characters of a text without line ends that are looked at


def _labelled(words: Iterable[str], flags: int = 0) -> re.Pattern[str]:
    """Return a pattern of the labels that stand behind a blank and before a colon and another."""
    ordered = sorted(words, key=len, reverse=True)
    return re.compile(r"(?:^|(?<=\s))(?P<word>" + "|".join(map(re.escape, ordered)) + r"):(?=\s|$)", flags)


_FLAT_SYSMON: Final = _labelled(_SYSMON_NAMES.split())
_FLAT_SECURITY: Final = _labelled(
    {*_LABELS, *_TOP, *(word for labels in _LABELS.values() for word in labels)}, re.IGNORECASE
)


def message_data(message: str, dataset: str, code: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of the event data that a rendered message shows; the first of a name counts."""
    flat = "\n" not in message and "\\n" not in message
    if dataset == _SYSMON:
        yield from ((word, value) for word, value in _divided(_FLAT_SYSMON, message)) if flat else _pairs(message)
    elif dataset == _SECURITY:
        yield from _own_words(_flat_sections(message, code) if flat else _sections(message, code), code)


def _own_words(data: Iterable[tuple[str, str]], code: str) -> Iterator[tuple[str, str]]:
    """Yield the data with the address first that is the event's own, whatever its names and commands hold."""
    if code in _PEER_FIRST:
        yield from data
        return
    items = list(data)
    if code not in _PEERLESS:
        yield from {name: value for name, value in items if name in _PEER}.items()
    yield from (item for item in items if item[0] not in _PEER)


def _divided(labels: re.Pattern[str], message: str) -> Iterator[tuple[str, str]]:
    """Yield the labels of a text without line ends, each with what stands behind it up to the next."""
    text = message[:_LONGEST_FLAT]
    found = list(labels.finditer(text))
    for at, label in enumerate(found):
        if label["word"].lower() == _COMMAND_LINE:
            yield label["word"], text[label.end() :].partition(_EXPLANATION)[0].strip()
            return
        end = found[at + 1].start() if at + 1 < len(found) else len(text)
        yield label["word"], text[label.end() : end].strip()


def _flat_sections(message: str, code: str) -> Iterator[tuple[str, str]]:
    section = ""
    for label, value in _divided(_FLAT_SECURITY, message):
        word = label.lower()
        known = _LABELS.get(section, {})
        if not value and word in _LABELS and word not in known:
            section = word
            continue
        if word in _TOP and word not in known:
            section = ""
        name = known.get(word) or _TOP.get(word)
        # the last one is followed by the message's explanation
        first = value if word == _COMMAND_LINE else value.partition("   ")[0]
        if name and first and first != "-":
            yield _renamed(name, code), first


def hidden_data(message: str, dataset: str, code: str) -> Iterator[tuple[str, str]]:
    """Yield those event data of a rendered message that can be missing beside others; see `HIDDEN`."""
    return (item for item in message_data(message, dataset, code) if item[0] in HIDDEN)


# Event data that NXLog's own fields hide, since it writes names without regard to case.
HIDDEN: Final = frozenset(
    {"AccountName", "AccountType", "ActivityId", "Category", "Channel", "Domain", "EventType", "Hostname", "Keywords",
     "Message", "Opcode", "ProcessID", "ProcessId",
     "Severity", "SourceName", "Task", "ThreadId", "Type", "UserId", "Version"}
)  # fmt: skip


def _lines(message: str) -> list[str]:
    text = message if "\n" in message else message.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\t", "\t")
    return text.split("\n", _MOST_LINES)[:_MOST_LINES]


def _pairs(message: str) -> Iterator[tuple[str, str]]:
    for line in _lines(message)[1:]:
        name, colon, value = line.partition(":")
        if colon and name.isalnum():
            yield name, value.strip()


def _sections(message: str, code: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in _lines(message):
        label, colon, value = line.replace("\u2019", "'").partition(":")
        if not colon:
            continue
        indented = label[:1] in "\t " and bool(label.strip())
        word = label.strip(" \t\u00a0").lower()
        word = _FRENCH.get(word, word)
        value = value.strip()
        if not indented and not value:
            section = word
            continue
        name = _LABELS.get(section, {}).get(word) if indented else _TOP.get(word)
        if name and value and value != "-":
            yield _renamed(name, code), value


def _renamed(name: str, code: str) -> str:
    if name == "ProcessName" and code == "4688":
        return "NewProcessName"
    return name
