"""Cisco ASA, FTD, PIX and FWSM: connections, translations, access lists, VPN, AAA, security events.

Format: "Cisco Secure Firewall ASA Series Syslog Messages" and "Cisco Secure Firewall Threat Defense Syslog Messages"
(cisco.com). Field names are those of Elastic's integrations `cisco_asa` and `cisco_ftd`. A message that no template is
known for keeps its id, level and text. The account of a VPN or AAA message is `source.user.*` as in the integration,
and `user.*` as ECS asks for authentication.
"""

from __future__ import annotations

import re

from collectors.cisco.asa_fields import add_duration, match_message, message_fields
from collectors.cisco.asa_meaning import classify
from collectors.cisco.ftd import CODES, security_fields, was_blocked
from collectors.cisco.header import LEVELS, MARK, Message, header_fields, read_message
from collectors.network.device import DeviceSource
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields, texts

_BARE = re.compile(
    r"\s?(?:Group (?:= |<)[^<>]{0,200}>? ?(?:User(?:name)? (?:= |<)|IP (?:= |<))|AAA user |Built |Teardown |Task ran"
    " for "
    r"|Tunnel group search |access-list |Deny )"
)


def _read(line: str, options: Options) -> Fields:
    message = read_message(line, options)
    if message.code is None and not _BARE.match(message.text) and not _BARE.match(line):
        raise MalformedRecordError("no message of a Cisco firewall: %ASA-level-id or %FTD-level-id is missing")
    is_ftd = message.product in {"FTD", "NGIPS"}
    dataset = "cisco_ftd.log" if is_ftd else "cisco_asa.log"
    fields: Fields = {"event.dataset": dataset, "event.module": "cisco", **header_fields(message.header, options)}
    if message.code is None:
        _bare(line, message, fields, options)
        return fields
    fields["event.code"] = message.code
    fields["message"] = message.text
    _level(message, fields)
    if message.code in CODES:
        fields.update(security_fields(message.text, options))
        if "event.start" in fields:
            fields.setdefault("@timestamp", fields["event.start"])
        classify(message.code, None, fields)
        if was_blocked(fields):
            fields["event.type"] = [*texts(fields["event.type"]), "denied"]
        return fields
    groups = match_message(message.code, message.text)
    fields.update(message_fields(message.code, groups, options))
    classify(message.code, groups.get("verdict"), fields)
    add_duration(groups, fields)
    return fields


def _bare(line: str, message: Message, fields: Fields, options: Options) -> None:
    """Read a message whose id a relay cut off; its beginning tells what it is."""
    text = line.strip() if _BARE.match(line) else message.text
    fields.pop("process.name", None)
    if not (groups := match_message(None, text)):
        raise MalformedRecordError("no message of a Cisco firewall: %ASA-level-id is missing, and its text is unknown")
    fields["message"] = text
    fields.update(message_fields(None, groups, options))
    classify(None, groups.get("verdict"), fields)
    add_duration(groups, fields)


def _level(message: Message, fields: Fields) -> None:
    if message.level is not None:
        fields["event.severity"] = message.level
        if message.level < len(LEVELS):
            fields["log.level"] = LEVELS[message.level]
    is_ftd = message.product in {"FTD", "NGIPS"}
    fields["observer.vendor"] = "Cisco"
    fields["observer.product"] = "ftd" if is_ftd else "asa"
    fields["observer.type"] = "idps" if message.product == "NGIPS" else "firewall"


SOURCE = DeviceSource(
    name="cisco_asa",
    aliases=("asa", "cisco_ftd", "ftd", "cisco_asa.log", "cisco_ftd.log", "pix", "fwsm"),
    title="Cisco ASA, FTD, PIX and FWSM syslog messages",
    own=lambda line: MARK.search(line, 0, 576) is not None,
    read=_read,
    weight=99,
)
