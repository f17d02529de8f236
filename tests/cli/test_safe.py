from __future__ import annotations

import json
import sys
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from cli.safe import escape, escape_json, is_safe, safe_text
from tests.cli.hostile import HOSTILE, acting

ANY = st.text(alphabet=st.characters(codec=None, categories=None))


def test_every_character_that_can_act_is_escaped_and_no_letter_is() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            assert not is_safe(character), hex(code)
        elif category[0] in "LNP" and code < 0xE0000:
            hidden = code in (0x115F, 0x1160, 0x3164, 0xFFA0)  # Hangul fillers: letters that nobody sees
            assert is_safe(character) is not hidden, hex(code)


def test_escapes_are_readable() -> None:
    assert escape("a\x1b[31m\u202e\U000e0041\t\n\r\x9b\\") == "a\\x1b[31m\\u202e\\U000e0041\\t\\n\\r\\x9b\\"


@settings(max_examples=200)
@given(ANY)
def test_nothing_acts_after_escaping_and_escaping_twice_changes_nothing(value: str) -> None:
    once = escape(value)
    assert acting(once) == []
    assert "\n" not in once
    assert escape(once) == once


@settings(max_examples=200)
@given(ANY)
def test_json_keeps_its_meaning(value: str) -> None:
    document = escape_json(json.dumps({"k": value}, ensure_ascii=False))
    assert acting(document) == []
    assert json.loads(document) == json.loads(json.dumps({"k": value}))


def test_text_for_rich_is_never_markup() -> None:
    for value in HOSTILE:
        text = safe_text(value)
        assert text.plain == escape(value)
        assert not text.spans
