"""Windows events as XML (wevtutil, Event Viewer's export, `RawXml` fields) to the same object that EVTX decodes to.

The text is the attacker's: a document type declaration, the door to entity expansion and outside files, is refused,
and characters that XML forbids, which Windows itself writes into event data, are shown as `\\x..` escapes.
"""

from __future__ import annotations

import re
from typing import Any, Final
from xml.parsers import expat  # event-driven; nothing outside the text is ever opened

from engine.errors import MalformedRecordError

_Object = dict[str, Any]
_FORBIDDEN: Final = re.compile(
    r"""
    [\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]             # as they are
    | &\#x0{0,4}(?:[0-8bBcCeEfF]|1[0-9a-fA-F]);            # as hexadecimal references
    | &\#0{0,4}(?:[0-8]|1[1245678]|19|2[0-9]|3[01]);       # as decimal references
    """,
    re.VERBOSE,
)
_DEEPEST: Final = 64


class _Builder:
    """Collects the elements of one event; each is (name, attributes, text parts, children)."""

    def __init__(self) -> None:
        self.root: _Object | None = None
        self._stack: list[tuple[str, dict[str, str], list[str], _Object]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._stack) >= _DEEPEST:
            raise MalformedRecordError(f"XML nested deeper than {_DEEPEST} elements")
        self._stack.append((name.rpartition(":")[2], attributes, [], {}))

    def text(self, data: str) -> None:
        if self._stack:
            self._stack[-1][2].append(data)

    def end(self, _name: str) -> None:
        name, attributes, parts, children = self._stack.pop()
        attributes.pop("xmlns", None)
        value = _value("".join(parts), attributes, children)
        if not self._stack:
            self.root = {name: value}
            return
        parent = self._stack[-1]
        if name in ("Data", "ComplexData") and "Name" in attributes:
            _add(parent[3], attributes["Name"], value.get("#text", "") if isinstance(value, dict) else value)
        elif name == "Data" and parent[0] in ("EventData", "UserData"):
            _add(parent[3], "Data", "".join(parts))
        else:
            _add(parent[3], name, value)

    def refuse(self, *_: object) -> None:
        raise MalformedRecordError("XML with a document type declaration is not read")


def _value(text: str, attributes: dict[str, str], children: _Object) -> Any:
    if children:
        return {"#attributes": attributes, **children} if attributes else children
    if not attributes:
        return text
    stripped = text.strip()
    return {"#attributes": attributes, "#text": text} if stripped else {"#attributes": attributes}


def _add(children: _Object, name: str, value: object) -> None:
    if name not in children:
        children[name] = value
    elif isinstance(children[name], list):
        children[name].append(value)
    else:
        children[name] = [children[name], value]


def decoded_xml(text: str) -> _Object:
    """Return the object `{"Event": {..}}` of an event as XML; raise `MalformedRecordError` where it is none."""
    try:
        return _parsed(text)
    except expat.ExpatError as error:
        cleaned = _FORBIDDEN.sub(lambda found: "".join(f"\\x{ord(c):02x}" for c in _plain(found[0])), text)
        if cleaned == text:
            raise MalformedRecordError(f"no well-formed XML ({error})") from error
    try:
        return _parsed(cleaned)
    except expat.ExpatError as error:
        raise MalformedRecordError(f"no well-formed XML ({error})") from error


def _plain(found: str) -> str:
    if not found.startswith("&#"):
        return found
    digits = found[2:-1]
    return chr(int(digits[1:], 16) if digits[0] == "x" else int(digits))


def _parsed(text: str) -> _Object:
    builder = _Builder()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.Parse(text.strip().encode("utf-8", "backslashreplace"), True)
    if builder.root is None:
        raise MalformedRecordError("an empty XML document")
    root = builder.root
    events = root.get("Events")
    return events if isinstance(events, dict) and "Event" in events else root
