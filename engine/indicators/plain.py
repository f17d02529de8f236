"""Reading indicators out of plain lists and CSV: one value a line, or columns that say what they are."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from engine.indicators.model import Indicator, Kind, NotUnderstoodError, Reading, Refused, Tlp, normal
from engine.indicators.stix import instant_of
from engine.indicators.traits import trait_of

_COLUMNS = ("value", "type", "name", "tlp", "until")
_VALUE_NAMES = frozenset({"value", "indicator", "ioc", "observable"})
_WORDS: Mapping[str, Kind] = {
    **dict.fromkeys(("ip", "ip-src", "ip-dst", "ipv4", "ipv6", "address", "cidr", "ipv4-addr", "ipv6-addr"), "ip"),
    **dict.fromkeys(("domain", "hostname", "host", "fqdn", "domain-name"), "domain"),
    **dict.fromkeys(("url", "uri", "link"), "url"),
    **dict.fromkeys(("hash", "md5", "sha1", "sha256", "sha512"), "hash"),
    **dict.fromkeys(("filename", "file", "file-name"), "filename"),
    **dict.fromkeys(("email", "email-src", "mail", "email-addr"), "email"),
    "subject": "subject",
    "user-agent": "agent",
    "regkey": "registry",
    "path": "path",
}
_TLPS: tuple[Tlp, ...] = ("clear", "green", "amber", "amber+strict", "red")
_FANGS = (("[.]", "."), ("(.)", "."), ("{.}", "."), ("[:]", ":"), ("[@]", "@"), ("[://]", "://"))
_DEFANGED = re.compile(r"^h(?:xx|XX|\*\*)p(s?)://", re.IGNORECASE | re.ASCII)
_END, _END_OF_URL = re.compile(r"[\s,;#]"), re.compile(r"[\s,]|^[;#]")  # of the value: a URL may hold ; and #
_NAME = re.compile(r"[^\s/\\:]{1,255}\.[A-Za-z0-9]{1,8}", re.ASCII)
_FILES = frozenset(
    [
        "exe",
        "dll",
        "sys",
        "bat",
        "cmd",
        "ps1",
        "vbs",
        "js",
        "jar",
        "doc",
        "docx",
        "docm",
        "xls",
        "xlsx",
        "xlsm",
        "ppt",
        "pdf",
        "zip",
        "rar",
        "7z",
        "iso",
        "lnk",
        "hta",
    ]
)


def read_plain(text: str, where: str, *, private: bool = False) -> Reading:
    """Return the indicators of a list; what is not taken is told with its line and the reason.

    A first line that names columns (`value,type,name,tlp,until`) makes it CSV; else the first word of each line is a
    value, `#` and `;` begin comments, and defanged values (`hxxp://evil[.]example`) are made whole.
    """
    found: list[Indicator] = []
    refused: list[Refused] = []
    for number, row in _rows(text):
        try:
            found.append(_indicator(row, where, private=private))
        except (NotUnderstoodError, ValueError) as error:
            refused.append(Refused(where=f"{where}:{number}", what=row["value"][:200], reason=str(error)))
    return Reading(indicators=tuple(found), refused=tuple(refused))


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    lines = text.removeprefix("\ufeff").splitlines()
    names = _header(lines)
    if not names:
        for number, line in enumerate(lines, 1):
            value = _first_word(line.strip()).strip("\"'")
            if value:
                yield number, {"value": value}
        return
    reader = csv.reader(io.StringIO("\n".join(lines[1:])), strict=True)
    try:
        for number, cells in enumerate(reader, 2):
            if cells and not cells[0].startswith("#"):
                yield number, {"value": "", **dict(zip(names, (cell.strip() for cell in cells), strict=False))}
    except csv.Error as error:
        yield reader.line_num + 1, {"value": "", "fault": f"no CSV ({error})"}


def _first_word(line: str) -> str:
    """Return the value at the beginning of a line: what is a URL decides by itself how far it goes."""
    short = _END.split(line, maxsplit=1)[0]
    return _END_OF_URL.split(line, maxsplit=1)[0] if "://" in short else short


def _header(lines: Sequence[str]) -> list[str]:
    names = [name.strip().strip("\"'").lower() for name in lines[0].split(",")] if lines else []
    if len(names) < 2 or not _VALUE_NAMES & set(names):
        return []
    return ["value" if name in _VALUE_NAMES else name for name in names]


def _indicator(row: Mapping[str, str], where: str, *, private: bool) -> Indicator:
    if "fault" in row:
        raise NotUnderstoodError(row["fault"])
    value = whole(row["value"])
    word = row.get("type", "").lower()
    if word and word not in _WORDS:
        raise NotUnderstoodError(f"events here have nothing of type {word}")
    kind = _WORDS[word] if word else kind_of(value)
    mark = row.get("tlp", "").lower().removeprefix("tlp:").replace("white", "clear") or "clear"
    if mark not in _TLPS:
        raise NotUnderstoodError(f"no marking of TLP: {mark}")
    return Indicator(
        source=where,
        name=row.get("name", "") or f"{kind} {value}"[:200],
        alternatives=((trait_of(kind, "equals", value, private=private),),),
        tlp=mark,
        until=instant_of(row.get("until", "")),
    )


def whole(value: str) -> str:
    """Return a value that was written so that nobody clicks on it (`hxxps://evil[.]example`) as it is."""
    for written, meant in _FANGS:
        value = value.replace(written, meant)
    return _DEFANGED.sub(r"http\1://", value)


def kind_of(value: str) -> Kind:
    """Return what a bare value is; raise `NotUnderstoodError` where that can't be told."""
    if "://" in value:
        return "url"
    if "@" in value:
        return "email"
    for kind in ("hash", "ip"):
        try:
            normal(kind, value.partition("/")[0] if kind == "ip" else value)
        except NotUnderstoodError:
            continue
        return kind
    name = _NAME.fullmatch(value)
    if name and value.rpartition(".")[2].lower() in _FILES:
        return "filename"
    if name and "." in value:
        return "domain"
    raise NotUnderstoodError("it can't be told what this is; a CSV with a column `type` says it")
