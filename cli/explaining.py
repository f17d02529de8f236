"""What `kulla rules explain` and `kulla alerts explain` show: the condition as a tree, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterator

from cli.document import Column, Grid, Lines, Pairs, Report, Row, Section
from cli.explaining_words import ENGLISH, ExplainingWords, explaining_words
from cli.settings_table import Lang
from engine.events import instant
from engine.sigma.explaining import Asked, CorrelationExplained, Explanation, Node, Window

MAX_PARTS = 6  # parts of an `any of` that are shown one by one; those that hold come first
MAX_ROWS = 200  # lines of a tree
MAX_WINDOWS = 10
MAX_RECORD = 5_000  # parts of a condition in the record; SigmaHQ's largest rule has 6,000 values


def sections(item: Explanation, texts: ExplainingWords) -> list[Section]:
    """Return the parts of a report that explain a rule on one event."""
    columns = (
        Column(field="holds", heading=texts.holds, whole=True),
        Column(field="asked", heading=texts.part_of),
        Column(field="found", heading=texts.found),
    )
    rows = list(_rows(item.condition, texts))[:MAX_ROWS]
    found = [Section(heading=texts.condition, body=Grid(columns=columns, rows=rows))]
    if item.filters:
        lines = tuple(f"{entry.title} ({entry.path}){_because(entry.reason)}" for entry in item.filters)
        found.append(Section(heading=texts.filtered, body=Lines(lines=lines)))
    if item.nearest:
        lines = tuple(
            texts.now_found.format(asked=_question(asked, texts), found=_found(asked, texts))
            for asked in item.nearest[:20]
        )
        more = len(item.nearest) - len(lines)
        lines += (texts.more.format(count=f"{more:,}"),) if more else ()
        heading = texts.nearest.format(count=f"{len(item.nearest):,}")
        found.append(Section(heading=heading, body=Lines(lines=lines)))
    return found


def verdict(item: Explanation, texts: ExplainingWords) -> str:
    """Say in a line whether the rule fires on the event, and if not why."""
    if item.fires:
        return texts.fires
    reasons = []
    if not item.sees:
        reasons.append(texts.other_source.format(kind=item.kind, source=item.logsource))
    if item.filters:
        reasons.append(texts.by_filter)
    elif not item.condition.holds:
        reasons.append(texts.no_condition)
    return f"{texts.fires_not}: {texts.both.join(reasons)}"


def report(item: Explanation, *, source: str, looked: str, lang: Lang) -> Report:
    """Return the explanation of a rule on the event at `source`; `looked` says of how many events it is."""
    texts = explaining_words(lang)
    sees = texts.sees if item.sees else texts.sees_not
    head = (
        (texts.rule, item.rule.id),
        (texts.rule_file, item.rule.path),
        (texts.event, source),
        (texts.chosen, looked),
        (texts.log_source, sees.format(source=item.logsource, kind=item.kind)),
        (texts.result, verdict(item, texts)),
    )
    parts = (Section(heading="", body=Pairs(rows=head)), *sections(item, texts))
    record = {**record_of(item), "source": source, "looked": looked}
    return Report(name="explanation", title=item.rule.name, record=record, sections=parts, lang=lang)


def record_of(item: Explanation) -> dict[str, object]:
    """Return the whole explanation as one record."""
    return {
        "rule.id": item.rule.id,
        "rule.name": item.rule.name,
        "fires": item.fires,
        "sees": item.sees,
        "logsource": item.logsource,
        "kind": item.kind,
        "result": verdict(item, ENGLISH),
        "condition": _tree(item.condition, [MAX_RECORD]),
        "nearest": [_asked(entry) for entry in item.nearest],
        "filters": [{"id": entry.id, "title": entry.title, "path": entry.path} for entry in item.filters],
    }


def correlation_report(item: CorrelationExplained, *, events: int, lang: Lang) -> Report:
    """Return the explanation of a correlation over a number of events."""
    texts = explaining_words(lang)
    matches = ", ".join(f"{name} {count:,}" for name, count in item.matches)
    head = (
        (texts.rule, item.rule.id),
        (texts.rule_file, item.rule.path),
        (texts.events, f"{events:,}"),
        (texts.rule_matches, matches),
        (texts.ungrouped, texts.ungrouped_count.format(count=f"{item.ungrouped:,}") if item.ungrouped else ""),
        (texts.grouped_by, item.group_by or (texts.one_group,)),
        (texts.span, f"{item.timespan:,} s"),
        (texts.result, texts.fires if item.fires else texts.fires_not),
    )
    rows = [_window_row(window, texts) for window in item.windows[:MAX_WINDOWS]]
    parts = [Section(heading="", body=Pairs(rows=head))]
    if rows:
        more = texts.groups.format(count=f"{len(item.windows):,}", shown=len(rows))
        heading = texts.windows + (more if len(item.windows) > len(rows) else "")
        parts.append(Section(heading=heading, body=Grid(columns=_window_columns(texts), rows=rows)))
    else:
        parts.append(Section(heading="", body=Lines(lines=(texts.no_window,))))
    record = {
        "rule.id": item.rule.id,
        "rule.name": item.rule.name,
        "fires": item.fires,
        "events": events,
        "matches": dict(item.matches),
        "ungrouped": item.ungrouped,
        "group_by": item.group_by,
        "timespan": item.timespan,
        "windows": [_window_row(window, ENGLISH) for window in item.windows[:1000]],
    }
    return Report(name="explanation", title=item.rule.name, record=record, sections=tuple(parts), lang=lang)


def _window_columns(texts: ExplainingWords) -> tuple[Column, ...]:
    return (
        Column(field="holds", heading=texts.holds, whole=True),
        Column(field="group", heading=texts.group),
        Column(field="first", heading=texts.window),
        Column(field="hits", heading=texts.matches, number=True),
        Column(field="measured", heading=texts.measured),
        Column(field="asked", heading=texts.asked),
    )


def _window_row(item: Window, texts: ExplainingWords) -> Row:
    return {
        "holds": _yes(item.holds, texts),
        "group": item.group,
        "first": texts.since_then.format(first=instant(item.first), last=instant(item.last)),
        "hits": item.hits,
        "rules": dict(item.rules),
        "measured": item.measured,
        "asked": item.asked,
    }


def _rows(node: Node, texts: ExplainingWords, depth: int = 0) -> Iterator[Row]:
    mark = "> " * depth
    name = f"{node.label}: " if node.label else ""
    if node.asked is not None:
        question = mark + name + _question(node.asked, texts)
        yield {"holds": _yes(node.holds, texts), "asked": question, "found": _found(node.asked, texts)}
        return
    word = {"and": texts.all_of, "or": texts.any_of, "not": texts.none_of}[node.word]
    yield {"holds": _yes(node.holds, texts), "asked": mark + name + word, "found": ""}
    parts = list(node.parts)
    if node.word == "or" and len(parts) > MAX_PARTS:
        parts.sort(key=lambda part: not part.holds)  # stable: the rule's own order otherwise
        shown, left = parts[:MAX_PARTS], parts[MAX_PARTS:]
    else:
        shown, left = parts, []
    for part in shown:
        yield from _rows(part, texts, depth + 1)
    if left:
        held = sum(part.holds for part in left)
        told = (texts.more_held if held else texts.none_held).format(count=f"{len(left):,}", held=f"{held:,}")
        yield {"holds": _yes(held > 0, texts), "asked": "> " * (depth + 1) + told, "found": ""}


def _question(asked: Asked, texts: ExplainingWords) -> str:
    if not asked.field:
        return f"{texts.text} {asked.predicate}"
    named = asked.field if asked.field == asked.event_field else f"{asked.field} ({asked.event_field})"
    return f"{named} {asked.predicate}"


def _found(asked: Asked, texts: ExplainingWords) -> str:
    if not asked.field:
        return texts.stands if asked.holds else texts.stands_not
    return ", ".join(asked.found) if asked.found else texts.absent


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _yes(held: bool, texts: ExplainingWords) -> str:
    return texts.yes if held else texts.no


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
