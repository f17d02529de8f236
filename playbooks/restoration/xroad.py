"""X-Road's lists of what is offered, as the beginning of a catalogue: what is there, not yet how it is brought back.

Formats: the metaservices `listMethods` and `allowedMethods` of a security server (X-Road: Service Metadata Protocol for
REST, JSON; Service Metadata Protocol, SOAP XML) and `listClients` (JSON `{"member": [...]}` or XML `memberList`).
Identifiers are written `INSTANCE/CLASS/CODE/SUBSYSTEM/SERVICE/VERSION`, as X-Road's own logs do.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from playbooks.restoration.fields import CatalogueError
from playbooks.restoration.model import Service, Work
from playbooks.texts import same

LARGEST_LIST = 32 * 1024 * 1024
_PARTS = (
    ("xRoadInstance", "xroad_instance"),
    ("memberClass", "member_class"),
    ("memberCode", "member_code"),
    ("subsystemCode", "subsystem_code"),
    ("serviceCode", "service_code"),
    ("serviceVersion", "service_version"),
)
_UNFIT = re.compile(r"[^A-Za-z0-9._/-]+")
_HINT = "save the answer of listMethods, allowedMethods or listClients, as JSON or XML"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One thing in the list: its identifier's parts, and the name that a member goes by (empty where none is told)."""

    parts: tuple[str, ...]
    name: str = ""

    @property
    def id(self) -> str:
        """Return the parts as one id, letters and digits first."""
        return _UNFIT.sub("-", "/".join(self.parts)).strip("-/._")[:200]


def read_xroad(content: bytes, file: str) -> tuple[Service, ...]:
    """Return a service for each entry, each once, by id: hours, users and dependencies are to be filled in.

    A service of a subsystem that the list names too depends on it. Raise `CatalogueError` for anything else.
    """
    if len(content) > LARGEST_LIST:
        raise CatalogueError(f"larger than {LARGEST_LIST} bytes", where=file, hint=_HINT)
    content = content.removeprefix(BOM_UTF8)
    text = content.lstrip()
    offered = {item.id: item for item in (_of_xml if text.startswith(b"<") else _of_json)(content, file) if item.id}
    if not offered:
        raise CatalogueError("names no service", where=file, hint=_HINT)
    return tuple(_service(name, offered, place, file) for place, name in enumerate(sorted(offered)))


def _service(name: str, offered: Mapping[str, Offered], place: int, file: str) -> Service:
    item = offered[name]
    owner = "/".join(item.parts[:3])
    above = Offered(parts=item.parts[:4]).id if len(item.parts) > 4 else ""
    return Service(
        id=name,
        name=same(item.name or item.parts[-1] or name),
        owner=owner,
        criticality=3,
        users=(0,) * 7,
        work={"verify": Work(skill="security", minutes=30), "go_live": Work(skill="application", minutes=15)},
        depends_on=(above,) if above in offered and above != name else (),
        place=place,
        where=file,
    )


def _of_json(content: bytes, file: str) -> Iterator[Offered]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise CatalogueError("is no JSON and no XML", where=file, hint=_HINT) from None
    known = ("service", "member")
    lists = [document[key] for key in known if key in document] if isinstance(document, dict) else [document]
    for entries in lists:
        for entry in entries if isinstance(entries, list) else ():
            found = _json_entry(entry)
            if found is not None:
                yield found


def _json_entry(entry: object) -> Offered | None:
    if not isinstance(entry, dict):
        return None
    inner = entry.get("id", entry)
    if not isinstance(inner, dict):
        return None
    parts = [next((str(inner[name]) for name in names if inner.get(name)), "") for names in _PARTS]
    name = entry.get("name")
    return _offered(parts, name if isinstance(name, str) else "")


def _of_xml(content: bytes, file: str) -> Iterator[Offered]:
    if b"<!DOCTYPE" in content or b"\x00" in content:  # no other encoding hides one
        raise CatalogueError("declares a document type or is no UTF-8, unlike X-Road's answers", where=file, hint=_HINT)
    try:
        root = ET.fromstring(content)  # noqa: S314 # no document type is let in, so no entity expands
    except ET.ParseError as error:
        raise CatalogueError(f"is no XML ({error})", where=file, hint=_HINT) from None
    for element in root.iter():
        if _local(element) == "member":
            inner = next((child for child in element if _local(child) == "id"), None)
            name = next((child.text or "" for child in element if _local(child) == "name"), "")
            found = _xml_entry(inner, name) if inner is not None else None
        else:
            found = _xml_entry(element, "") if _local(element) == "service" else None
        if found is not None:
            yield found


def _xml_entry(element: ET.Element, name: str) -> Offered | None:
    values = {_local(child): (child.text or "").strip() for child in element}
    return _offered([next((values[key] for key in names if values.get(key)), "") for names in _PARTS], name.strip())


def _offered(parts: list[str], name: str) -> Offered | None:
    if not (parts[0] and parts[1] and parts[2]):
        return None
    return Offered(parts=tuple(part for part in parts if part), name=name)


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
