"""Text in a Markdown document: in a code block that nothing in the text can close."""

from __future__ import annotations

import re


def fenced(text: str) -> str:
    """Return the text as a code block, whose fence is longer than any row of backticks in it."""
    longest = max((len(found) for found in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"
