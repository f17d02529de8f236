"""JUnit XML: one test case for each thing that was checked, as continuous integration reads it.

The form that Jenkins, GitLab and GitHub's reporters read (the Ant JUnit schema, without times and host names).
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from cli.document import Case, Checked
from cli.safe import escape


def document(checked: Checked) -> Iterator[str]:
    """Yield the document; a fault of a failing severity is a `failure`, the others stand in `system-out`."""
    failed = sum(any(fault.severity in checked.failing for fault in case.faults) for case in checked.cases)
    counts = f'tests="{len(checked.cases)}" failures="{failed}" errors="0" skipped="0"'
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="kulla" {counts}>\n<testsuite name="{_text(checked.suite)}" {counts}>\n'
    for case in checked.cases:
        yield from _case(case, checked.failing)
    yield "</testsuite>\n</testsuites>\n"


def _case(case: Case, failing: frozenset[str]) -> Iterator[str]:
    place = f'classname="{_text(case.path)}" name="{_text(case.name)}" file="{_text(case.path)}" line="{case.line}"'
    if not case.faults:
        yield f"<testcase {place}/>\n"
        return
    yield f"<testcase {place}>\n"
    for fault in case.faults:
        if fault.severity in failing:
            told = f"{case.path}:{fault.line or case.line}: {fault.message}"
            yield f'<failure type="{_text(fault.check)}" message="{_text(fault.message)}">{_text(told)}</failure>\n'
    if others := [fault for fault in case.faults if fault.severity not in failing]:
        lines = "\n".join(f"{fault.severity}: {fault.check}: {fault.message}" for fault in others)
        yield f"<system-out>{_text(lines)}</system-out>\n"
    yield "</testcase>\n"


def _text(value: str) -> str:
    """Return text for XML 1.0, which knows no control characters even as entities; lines stay lines."""
    return "\n".join(html.escape(escape(line), quote=True) for line in value.split("\n"))
