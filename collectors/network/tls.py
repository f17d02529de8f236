"""The version of TLS as logs write it, in one spelling: protocol and `major.minor`, so that one rule fits every source.

`TLSv1.2`, `TLS 1.2`, `tls-1.2`, `TLSv12` (Zeek) and `TLS1.2` (Exim) are `tls` and `1.2`; `TLSv1` is `tls` and `1.0`.
Fields: https://www.elastic.co/docs/reference/ecs/ecs-tls
"""

from __future__ import annotations

import re

from engine.events import Fields

_DIGITS = r"(?P<major>\d)(?:\.?(?P<minor>\d))?"
_WHOLE = re.compile(rf"(?P<protocol>D?TLS|SSL)[ \-]?v?{_DIGITS}", re.IGNORECASE | re.ASCII)
_WITHIN = re.compile(rf"\b(?P<protocol>D?TLS|SSL)v{_DIGITS}(?!\.?\w)", re.IGNORECASE | re.ASCII)


def put_tls(text: str, fields: Fields) -> bool:
    """Set `tls.version_protocol` and `tls.version` from a text that is a version and no more; False where it is not."""
    return _put(_WHOLE.fullmatch(text), fields)


def find_tls(text: str, fields: Fields) -> bool:
    """Set them from the first version in a text, written with its `v`; False where there is none."""
    return _put(_WITHIN.search(text), fields)


def _put(found: re.Match[str] | None, fields: Fields) -> bool:
    if found is None:
        return False
    fields["tls.version_protocol"] = found["protocol"].lower()
    fields["tls.version"] = f"{found['major']}.{found['minor'] or '0'}"
    return True
