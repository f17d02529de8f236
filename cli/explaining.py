"""What `kulla rules explain` and `kulla alerts explain` show: the condition as a tree, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterator

from cli.document import Column, Grid, Lines, Pairs, Report, Row, Section
from engine.events import instant
from engine.sigma.explaining import Asked, CorrelationExplained, Explanation, Node, Window

MAX_PARTS = 6  # parts of an `any of` that are shown one by one; those that hold come first
MAX_ROWS = 200  # lines of a tree
MAX_WINDOWS = 10
MAX_RECORD = 5_000  # parts of a condition in the record; SigmaHQ's largest rule has 6,000 values
_WORDS = {"and": "all of", "or": "any of", "not": "not"}
_TREE = (
    Column(field="holds", heading="Holds", whole=True),
    Column(field="asked", heading="Condition (> is a part of the line above)"),
    Column(field="found", heading="Found"),
)
_WINDOWS = (
    Column(field="holds", heading="Holds", whole=True),
    Column(field="group", heading="Group"),
    Column(field="first", heading="Window (UTC)"),
    Column(field="hits", heading="Matches", number=True),
    Column(field="measured", heading="Measured"),
    Column(field="asked", heading="Asked"),
)


def sections(item: Explanation) -> list[Section]:
    """Return the parts of a report that explain a rule on one event."""
    found = [Section(heading="Condition", body=Grid(columns=_TREE, rows=list(_rows(item.condition))[:MAX_ROWS]))]
    if item.filters:
        lines = tuple(f"{entry.title} ({entry.path}){_because(entry.reason)}" for entry in item.filters)
        found.append(Section(heading="Taken away by filters", body=Lines(lines=lines)))
    if item.nearest:
        lines = tuple(f"{_question(asked)}; found: {_found(asked)}" for asked in item.nearest[:20])
        more = len(item.nearest) - len(lines)
        lines += (f"and {more:,} more",) if more else ()
        heading = f"Nearest miss: {len(item.nearest):,} to be otherwise"
        found.append(Section(heading=heading, body=Lines(lines=lines)))
    return found


def verdict(item: Explanation) -> str:
    """Say in a line whether the rule fires on the event, and if not why."""
    if item.fires:
        return "fires"
    reasons = []
    if not item.sees:
        reasons.append(f"the event ({item.kind}) is not of its log source ({item.logsource})")
    if item.filters:
        reasons.append("a filter takes the match away")
    elif not item.condition.holds:
        reasons.append("its condition does not hold")
    return f"does not fire: {' and '.join(reasons)}"


def report(item: Explanation, *, source: str, looked: str) -> Report:
    """Return the explanation of a rule on the event at `source`; `looked` says of how many events it is."""
    head = (
        ("Rule", item.rule.id),
        ("Rule file", item.rule.path),
        ("Event", source),
        ("Chosen", looked),
        ("Log source", f"{item.logsource} ({'sees' if item.sees else 'does not see'} events of {item.kind})"),
        ("Result", verdict(item)),
    )
    parts = (Section(heading="", body=Pairs(rows=head)), *sections(item))
    record = {**record_of(item), "source": source, "looked": looked}
    return Report(name="explanation", title=item.rule.name, record=record, sections=parts)


def record_of(item: Explanation) -> dict[str, object]:
    """Return the whole explanation as one record."""
    return {
        "rule.id": item.rule.id,
        "rule.name": item.rule.name,
        "fires": item.fires,
        "sees": item.sees,
        "logsource": item.logsource,
        "kind": item.kind,
        "result": verdict(item),
        "condition": _tree(item.condition, [MAX_RECORD]),
        "nearest": [_asked(entry) for entry in item.nearest],
        "filters": [{"id": entry.id, "title": entry.title, "path": entry.path} for entry in item.filters],
    }


def correlation_report(item: CorrelationExplained, *, events: int) -> Report:
    """Return the explanation of a correlation over a number of events."""
    matches = ", ".join(f"{name} {count:,}" for name, count in item.matches)
    head = (
        ("Rule", item.rule.id),
        ("Rule file", item.rule.path),
        ("Events", f"{events:,}"),
        ("Matches of its rules", matches),
        ("Without a group", f"{item.ungrouped:,}: a field of the group is absent" if item.ungrouped else ""),
        ("Grouped by", item.group_by or ("everything is one group",)),
        ("Time span", f"{item.timespan:,} s"),
        ("Result", "fires" if item.fires else "does not fire"),
    )
    rows = [_window_row(window) for window in item.windows[:MAX_WINDOWS]]
    parts = [Section(heading="", body=Pairs(rows=head))]
    if rows:
        more = f" ({len(item.windows):,} groups, the nearest {len(rows)})" if len(item.windows) > len(rows) else ""
        parts.append(Section(heading=f"Nearest window of each group{more}", body=Grid(columns=_WINDOWS, rows=rows)))
    else:
        parts.append(Section(heading="", body=Lines(lines=("none of its rules matched any event with its groups",))))
    record = {
        "rule.id": item.rule.id,
        "rule.name": item.rule.name,
        "fires": item.fires,
        "events": events,
        "matches": dict(item.matches),
        "ungrouped": item.ungrouped,
        "group_by": item.group_by,
        "timespan": item.timespan,
        "windows": [_window_row(window) for window in item.windows[:1000]],
    }
    return Report(name="explanation", title=item.rule.name, record=record, sections=tuple(parts))


def _window_row(item: Window) -> Row:
    return {
        "holds": _yes(item.holds),
        "group": item.group,
        "first": f"{instant(item.first)} to {instant(item.last)}",
        "hits": item.hits,
        "rules": dict(item.rules),
        "measured": item.measured,
        "asked": item.asked,
    }


def _rows(node: Node, depth: int = 0) -> Iterator[Row]:
    mark = "> " * depth
    name = f"{node.label}: " if node.label else ""
    if node.asked is not None:
        yield {"holds": _yes(node.holds), "asked": mark + name + _question(node.asked), "found": _found(node.asked)}
        return
    yield {"holds": _yes(node.holds), "asked": mark + name + _WORDS[node.word], "found": ""}
    parts = list(node.parts)
    if node.word == "or" and len(parts) > MAX_PARTS:
        parts.sort(key=lambda part: not part.holds)  # stable: the rule's own order otherwise
        shown, left = parts[:MAX_PARTS], parts[MAX_PARTS:]
    else:
        shown, left = parts, []
    for part in shown:
        yield from _rows(part, depth + 1)
    if left:
        held = sum(part.holds for part in left)
        told = f"and {len(left):,} more, " + (f"of which {held:,} hold" if held else "none of which holds")
        yield {"holds": _yes(held > 0), "asked": "> " * (depth + 1) + told, "found": ""}


def _question(asked: Asked) -> str:
    if not asked.field:
        return f"the event's text {asked.predicate}"
    named = asked.field if asked.field == asked.event_field else f"{asked.field} ({asked.event_field})"
    return f"{named} {asked.predicate}"


def _found(asked: Asked) -> str:
    if not asked.field:
        return "it stands there" if asked.holds else "it does not stand there"
    return ", ".join(asked.found) if asked.found else "nothing: the event has no such field"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _yes(held: bool) -> str:
    return "yes" if held else "no"


def _asked(asked: Asked) -> dict[str, object]:
    return {
        "field": asked.field,
        "event_field": asked.event_field,
        "predicate": asked.predicate,
        "found": list(asked.found),
        "holds": asked.holds,
    }


def _tree(node: Node, left: list[int]) -> dict[str, object]:
    """Return a node as a record, within the number of parts that are `left`."""
    left[0] -= 1
    found: dict[str, object] = {"word": node.word, "holds": node.holds}
    if node.label:
        found["name"] = node.label
    if node.asked is not None:
        return found | _asked(node.asked)
    parts: list[dict[str, object]] = []
    found["parts"] = parts
    for part in node.parts:
        if left[0] <= 0:
            found["left_out"] = len(node.parts) - len(parts)
            break
        parts.append(_tree(part, left))
    return found


def choice_told(number: int, chosen: str, total: int, firing: int) -> str:
    """Say which of the events is explained."""
    if total == 1:
        return "the only event"
    return f"record {number:,} of {total:,} ({chosen}); the rule fires on {firing:,}"
