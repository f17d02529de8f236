"""X-Road's encoded identifiers in a text: `SUBSYSTEM:DEV/GOV/1234/taxes`, `SERVICE:DEV/GOV/1234/taxes/getTax/v1`.

Format: X-Road "Message Protocol" (PR-MESS), "Identifying Entities"; program logs write them by their type's name.
"""

from __future__ import annotations

import re
from typing import Final

from engine.events import Fields

_IDENTIFIER: Final = re.compile(
    r"\b(MEMBER|SUBSYSTEM|SERVICE):\s?([^\s/:,;()\[\]'\"]{1,128}(?:/[^\s/:,;()\[\]'\"]{1,256}){2,5})", re.ASCII
)
_SERVICE: Final = ("instance", "member_class", "member_code", "subsystem", "code")
_LEAST: Final = 4  # parts of a service's identifier without a subsystem


def read_identifiers(text: str, fields: Fields) -> None:
    """Put the first caller and the first service that a text names; fields that stand there already stay."""
    for kind, path in _IDENTIFIER.findall(text):
        parts = path.split("/")
        if kind == "SERVICE" and len(parts) >= _LEAST and "xroad.service.code" not in fields:
            _put_service(parts, fields)
        elif kind in {"MEMBER", "SUBSYSTEM"} and "xroad.client.member_code" not in fields:
            for name, part in zip(_SERVICE[:4], parts, strict=False):
                fields[f"xroad.client.{name}"] = part
            fields["organization.id"] = "/".join(parts[:3])


def _put_service(parts: list[str], fields: Fields) -> None:
    named = _SERVICE if len(parts) > _LEAST else (*_SERVICE[:3], "code")
    for name, part in zip(named, parts, strict=False):
        fields[f"xroad.service.{name}"] = part
    if len(parts) > len(_SERVICE):
        fields["service.version"] = parts[len(_SERVICE)]
    fields["event.action"] = str(fields["xroad.service.code"])
