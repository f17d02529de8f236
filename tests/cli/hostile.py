"""Values an attacker would like to see printed, and how to tell that none of them acted."""

from __future__ import annotations

import unicodedata

HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "\x1b[2J\x1b[H",
    "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]0;title\x07",
    "\x9b31mC1\x9d52;c;eA==\x9c",
    "user\u202etxt.exe",
    "a\u2066b\u2069\u200e\u200f\u061c",
    "zero\u200bwidth\ufeff\u2060",
    "[/bold]",
    "[red]alarm[/red] [link=http://evil.example]x[/link]",
    "[/",
    ":warning:",
    "two\nlines\rback\ttab\x0b\x0c\x85\u2028\u2029",
    "nul\x00byte\x7f\x08\x08",
    "\ud800lone surrogate\udfff",
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "  =1+1",
    '"quoted","=1+1"',
    ";=1+1",
    "\uff1d1+1",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<b>&amp;&#60;",
    "| a | b |",
    "`code` *bold* _under_ [text](http://evil.example) ![i](http://evil.example/p.png)",
    "http://evil.example www.evil.example mail@evil.example",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "{{7*7}} ${7*7} %n",
    "\U000e0041\U000e0042 tags",
    "\ue000 private",
    "a" * 300,
    "\u0301" * 40,
    "",
    " ",
)


def acting(text: str) -> list[str]:
    """Return the characters of a printed text that could act or hide (line feeds separate lines and are fine)."""
    return [
        hex(ord(character))
        for character in text
        if character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    ]
