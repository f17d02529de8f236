"""SARIF 2.1.0 (OASIS): what checks found, as code hosting services show it beside the changed lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from cli.document import Case, Checked, Fault
from cli.formats.jsons import dumps

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "note": "note"}


def document(checked: Checked, root: Path) -> Iterator[str]:
    """Yield the document. Paths under `root` are given relative to it, as `%SRCROOT%`."""
    checks = sorted({*checked.checks, *(fault.check for case in checked.cases for fault in case.faults)})
    driver = {
        "name": "kulla",
        "rules": [{"id": name, "shortDescription": {"text": checked.checks.get(name, name)}} for name in checks],
    }
    results = [_result(case, fault, checks, root) for case in checked.cases for fault in case.faults]
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"kulla/{checked.suite.replace(' ', '-')}/"},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    yield dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)
    yield "\n"


def _result(case: Case, fault: Fault, checks: Sequence[str], root: Path) -> dict[str, object]:
    place = _place(case.path, root)
    return {
        "ruleId": fault.check,
        "ruleIndex": checks.index(fault.check),
        "level": _LEVELS.get(fault.severity, "none"),
        "message": {"text": f"{case.name}: {fault.message}" if case.name else fault.message},
        "locations": [
            {"physicalLocation": {"artifactLocation": place, "region": {"startLine": fault.line or case.line or 1}}}
        ],
        # the same finding stays the same when lines above it change
        "partialFingerprints": {"kulla/v1": _fingerprint(place["uri"], case.name, fault.check, fault.message)},
    }


def _place(path: str, root: Path) -> dict[str, str]:
    file = Path(path.partition("!")[0])  # a rule in a zip is shown at the zip
    try:
        return {"uri": quote(file.relative_to(root).as_posix()), "uriBaseId": "%SRCROOT%"}
    except ValueError:
        return {"uri": file.as_uri() if file.is_absolute() else quote(file.as_posix())}


def _fingerprint(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]
