"""The messages of X-Road's operational monitoring: the question as SOAP, the answer as its parts.

Format: X-Road "Operational Monitoring Protocol" (PR-OPMON), chapter 2 and annex A, in a message of the "Message
Protocol" 4.0 (PR-MESS); attachments by swaRef (WS-I Attachments Profile 1.0) in multipart/related (RFC 2387).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Final
from xml.parsers import expat  # event-driven; nothing outside the text is ever opened
from xml.sax.saxutils import escape

from engine.errors import InputError

_SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_MONITORING: Final = "http://x-road.eu/xsd/op-monitoring.xsd"
_SERVICE: Final = "getSecurityServerOperationalData"
_DEEPEST: Final = 32  # elements
_LONGEST: Final = 64 * 1024  # characters of an element's text
_MEMBER: Final = ("xRoadInstance", "memberClass", "memberCode")


class FaultError(InputError):
    """The security server answered with a SOAP fault; `code` is X-Road's (`Server.ServerProxy.AccessDenied`)."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{text} ({code})")
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Who asks, and which security server: identifiers as X-Road writes them, part by part.

    `client` has instance, class, member and, where it is one, subsystem; `server` instance, class, owner and code.
    """

    client: tuple[str, ...]
    server: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was asked for: how many records, their JSON in gzip, and where the next question begins (None: nowhere)."""

    count: int
    payload: bytes
    following: int | None


def question(who: Server, *, first: int, last: int, token: str) -> bytes:
    """Return the message that asks for the records that were received from `first` to `last`, both in Unix seconds."""
    kind = "SUBSYSTEM" if len(who.client) > 3 else "MEMBER"
    client = _identifier("client", kind, who.client, (*_MEMBER, "subsystemCode"))
    service = _identifier("service", "SERVICE", (*who.server[:3], _SERVICE), (*_MEMBER, "serviceCode"))
    server = _identifier("securityServer", "SERVER", who.server, (*_MEMBER, "serverCode"))
    criteria = f"<om:recordsFrom>{first}</om:recordsFrom><om:recordsTo>{last}</om:recordsTo>"
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{_SOAP}" xmlns:om="{_MONITORING}"'
        ' xmlns:xroad="http://x-road.eu/xsd/xroad.xsd" xmlns:id="http://x-road.eu/xsd/identifiers">'
        f"<soap:Header>{client}{service}{server}<xroad:id>{escape(token)}</xroad:id>"
        "<xroad:protocolVersion>4.0</xroad:protocolVersion></soap:Header>"
        f"<soap:Body><om:{_SERVICE}><om:searchCriteria>{criteria}</om:searchCriteria></om:{_SERVICE}></soap:Body>"
        "</soap:Envelope>"
    ).encode()


def _identifier(name: str, kind: str, parts: tuple[str, ...], names: tuple[str, ...]) -> str:
    inside = "".join(f"<id:{each}>{escape(part)}</id:{each}>" for each, part in zip(names, parts, strict=False))
    return f'<xroad:{name} id:objectType="{kind}">{inside}</xroad:{name}>'


def answer(content_type: str, body: bytes) -> Answer:
    """Take an answer apart; raise `FaultError` for a fault, `InputError` for what is no answer."""
    header = Message()
    header["content-type"] = content_type
    if header.get_content_type() == "multipart/related":
        parts = _parts(body, str(header.get_boundary() or ""))
    else:
        parts = [({}, body)]
    if not parts:
        raise InputError("an answer without parts")
    said = _said(parts[0][1])
    if said.fault:
        raise FaultError(said.fault.get("faultcode", "no code"), said.fault.get("faultstring", "a fault"))
    count, following = said.fields.get("recordsCount", ""), said.fields.get("nextRecordsFrom")
    name = said.fields.get("records", "").removeprefix("cid:")
    payload = next(
        (content for headers, content in parts[1:] if headers.get("content-id", "").strip("<>") == name), None
    )
    if payload is None or not _is_number(count) or (following is not None and not _is_number(following)):
        raise InputError("no answer to the question that was asked")
    return Answer(count=int(count), payload=payload, following=None if following is None else int(following))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


def _parts(body: bytes, boundary: str) -> list[tuple[Mapping[str, str], bytes]]:
    """Return the parts of a multipart body: headers, by their names in small letters, and content."""
    if not boundary:
        raise InputError("a multipart answer without a boundary")
    pieces = (b"\r\n" + body).split(b"\n--" + boundary.encode("utf-8", "surrogateescape"))
    parts: list[tuple[Mapping[str, str], bytes]] = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return parts
        head, end, content = piece.lstrip(b" \t").removeprefix(b"\r").removeprefix(b"\n").partition(b"\r\n\r\n")
        if not end:
            head, end, content = head.partition(b"\n\n")
        headers = _headers(head)
        parts.append((headers, _plain(content.removesuffix(b"\r"), headers)))
    raise InputError("a multipart answer that is cut short")


def _headers(head: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in head.decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        found[name.strip().lower()] = value.strip()
    return found


def _plain(content: bytes, headers: Mapping[str, str]) -> bytes:
    if headers.get("content-transfer-encoding", "").lower() != "base64":
        return content
    try:
        return base64.b64decode(content)
    except binascii.Error as error:
        raise InputError(f"an attachment that is no base64 ({error})") from error


@dataclass(slots=True)
class _Said:
    """What a SOAP message says: the elements of its answer, or of its fault, by their local names."""

    fields: dict[str, str] = field(default_factory=dict)
    fault: dict[str, str] = field(default_factory=dict)
    _path: list[str] = field(default_factory=list)
    _text: str = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        del attributes
        self._path.append(name)
        self._text = ""
        if len(self._path) > _DEEPEST:
            raise InputError("an XML message that is nested too deeply")

    def text(self, data: str) -> None:
        self._text = (self._text + data)[:_LONGEST]

    def end(self, name: str) -> None:
        self._path.pop()
        above = self._path[-1] if self._path else ""
        local = name.rpartition(" ")[2]
        if above == f"{_MONITORING} {_SERVICE}Response" and name.startswith(f"{_MONITORING} "):
            self.fields[local] = self._text.strip()
        elif above == f"{_SOAP} Fault":
            self.fault[local] = self._text.strip()[:500]
        self._text = ""

    def refuse(self, *_: object) -> None:
        raise InputError("an XML message with a document type, which no SOAP message has")


def _said(text: bytes) -> _Said:
    said = _Said()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = said.start
    parser.EndElementHandler = said.end
    parser.CharacterDataHandler = said.text
    parser.StartDoctypeDeclHandler = said.refuse
    try:
        parser.Parse(text.strip(), True)
    except expat.ExpatError as error:
        raise InputError(f"no well-formed XML ({error})") from error
    return said
