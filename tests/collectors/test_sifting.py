"""Lines of which many are dismissed by their bytes: those that are left are the same records as without."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors import framing
from collectors.framing import lines, sifted_lines

LINE = st.binary(max_size=12).map(lambda raw: raw.replace(b"\n", b"x")) | st.sampled_from([b"", b"\r", b"a\r", b"out"])
LIMIT = 9


@settings(max_examples=60, deadline=None)
@given(st.lists(LINE, max_size=9), st.sampled_from([b"", b"\n"]), st.integers(1, 40), st.booleans())
def test_what_is_left_is_what_all_lines_are(found: list[bytes], end: bytes, size: int, marked: bool) -> None:
    content = b"\xef\xbb\xbf" * marked + b"\n".join(found) + end
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(framing, "_KEPT", 4)
        whole = [
            record
            for record in lines(io.BytesIO(content), limit=LIMIT)
            if record.problem is not None or not record.raw.startswith(b"o")
        ]
        patch.setattr(framing, "_SIFTED", size)
        left = list(sifted_lines(io.BytesIO(content), lambda raw: bytes(raw[:1]) == b"o", limit=LIMIT))
    assert left == whole
