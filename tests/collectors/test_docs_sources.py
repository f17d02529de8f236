"""The page on adding log formats is true: its YAML passes its own tests, reads its log and is recognised."""

from __future__ import annotations

import io
import re
from pathlib import Path

from collectors.declared.checking import check, rival
from collectors.declared.grok import LIBRARY
from collectors.declared.reading import read
from collectors.reader import LogReader, Parsed
from collectors.registry import recognise

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sources.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_the_yaml_example_passes_its_own_tests() -> None:
    (text,) = blocks("yaml")
    source = read(text.encode(), "parking.yml")
    found = list(check(source))
    assert len(found) == 4
    assert [item.problems for item in found] == [(), (), (), ()]
    assert rival(source) is None


def test_the_log_on_the_page_is_read_and_recognised() -> None:
    source = read(blocks("yaml")[0].encode(), "parking.yml")
    log = blocks("text")[0].encode()
    assert recognise(log, "parking.log", extra=(source,)) is source
    reader = LogReader(Path("parking.log"), stream=io.BytesIO(log), extra=(source,))
    events = [reader.event(item) for item in reader.records() if isinstance(item, Parsed)]
    assert [event.fields["event.outcome"] for event in events] == ["success", "failure"]
    assert (reader.tally.headers, reader.tally.dead) == (1, 0)


def test_every_pattern_that_the_page_names_exists() -> None:
    listed = re.search(r"There are `([a-z0-9\s]+)`", PAGE.read_text("utf-8"))
    assert listed is not None
    assert set(listed[1].split()) <= set(LIBRARY)
