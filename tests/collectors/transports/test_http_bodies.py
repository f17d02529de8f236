"""Packed bodies of HTTP requests cost no more than their limits allow."""

from __future__ import annotations

import gzip

import pytest

from collectors.transports import http


def test_packed_bodies_are_bounded_in_bytes_and_members(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"0123456789" * 5000
    monkeypatch.setattr(http, "_MOST_BODY", len(text))
    monkeypatch.setattr(http, "_MOST_MEMBERS", 1000)
    packed = gzip.compress(text[:1]) + gzip.compress(text[1:]) + bytes(40_000)
    assert http.unpacked(packed, "gzip") == text
    assert http.unpacked(gzip.compress(b"") * 1000, "gzip") == http.unpacked(b"", "gzip") == b""
    for body in (gzip.compress(text + b"0"), gzip.compress(b"") * 1001, gzip.compress(text) + gzip.compress(b"0")):
        with pytest.raises(http.RefusedError) as refused:
            http.unpacked(body, "gzip")
        assert refused.value.status == 413
