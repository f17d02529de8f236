"""What a site adds to rules that others write: filters, values of placeholders, pipelines; all kept outside the rules.

Rules are updated and these stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import TypeAlias

File: TypeAlias = tuple[str, bytes]  # name and content


@dataclass(frozen=True, slots=True, kw_only=True)
class Tailoring:
    """Filter files and pipeline files (name and content), values of placeholders, and the day by which filters expire.

    Without a day no filter expires.
    """

    filters: tuple[File, ...] = ()
    pipelines: tuple[File, ...] = ()
    placeholders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    today: date | None = None

    def digest(self) -> str:
        """Return a hash of everything but the day, for the cache of compiled rules."""
        digest = sha256()
        for part in self._parts():
            digest.update(f"{len(part)}:".encode())
            digest.update(part)
        return digest.hexdigest()

    def _parts(self) -> Iterator[bytes]:
        for kind, files in (("filters", self.filters), ("pipelines", self.pipelines)):
            yield f"{kind} {len(files)}".encode()
            for name, content in files:
                yield from (name.encode("utf-8", "surrogateescape"), content)
        for name, values in sorted(self.placeholders.items()):
            yield f"placeholder {len(values)}".encode()
            yield from (text.encode("utf-8", "surrogatepass") for text in (name, *values))


PLAIN = Tailoring()
