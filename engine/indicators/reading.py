"""Reading a file of indicators, whatever form it is in: STIX, MISP, CSV, or a plain list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.indicators.misp import is_misp, read_misp
from engine.indicators.model import TLPS, Indicator, Reading, Refused, Tlp
from engine.indicators.plain import read_plain
from engine.indicators.stix import read_bundle

LARGEST = 256 * 2**20  # bytes


def read_indicators(path: Path, *, clearance: Tlp = "amber+strict", private: bool = False) -> Reading:
    """Return what a file holds; raise `InputError` where it can't be read at all.

    Indicators whose TLP marking is above `clearance` are refused; `private` allows private addresses.
    """
    text = _text(path)
    found = _read(text, path, private=private)
    kept: dict[str, Indicator] = {}
    refused = list(found.refused)
    for item in found.indicators:
        if TLPS.index(item.tlp) > TLPS.index(clearance):
            why = f"TLP:{item.tlp.upper()} is above what is kept here (TLP:{clearance.upper()})"
            refused.append(Refused(where=path.name, what=f"indicator {item.id}", reason=why))
        else:
            kept[item.id] = item
    return Reading(indicators=tuple(kept.values()), refused=tuple(refused))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"larger than {LARGEST // 2**20} MiB", where=str(path), hint="split the file")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot be read ({getattr(error, 'strerror', None) or error})", where=str(path), hint="check the path"
        ) from error


def _read(text: str, path: Path, *, private: bool) -> Reading:
    if text.lstrip()[:1] not in {"{", "["}:
        return read_plain(text, path.name, private=private)
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"no JSON ({error})", where=str(path), hint="a STIX bundle, MISP's JSON, CSV or a list"
        ) from error
    if is_misp(document):
        return read_misp(document, path.name, private=private)
    objects = document.get("objects") if isinstance(document, dict) else document
    if isinstance(objects, list) and any(isinstance(item, dict) and "type" in item for item in objects):
        return read_bundle(objects, path.name, private=private)
    raise InputError("neither STIX nor MISP", where=str(path), hint="a STIX bundle, MISP's JSON, CSV or a list")
