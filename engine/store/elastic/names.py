"""The names of indices and aliases: `kulla-events-<dataset>-<date>`, `kulla-alerts` and so on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

KINDS = (
    "alerts",
    "incidents",
    "ledger",
    "dead-letters",
    "hits",
    "records",
    "state",
)  # one index each, behind an alias
_ODD = re.compile(r"[^a-z0-9_.]+")
_LONGEST = 80
FIRST = "000001"
CASES = "cases"  # an alias of those records that are cases, for people and Kibana


@dataclass(frozen=True, slots=True)
class Names:
    """All names that begin with one prefix. Aliases are what is read; event indices are written by their own name."""

    prefix: str

    @property
    def events(self) -> str:
        """The alias of all event indices."""
        return f"{self.prefix}-events"

    def of(self, kind: str) -> str:
        """Return the alias of one of `KINDS`."""
        return f"{self.prefix}-{kind}"

    def first(self, kind: str) -> str:
        """Return the index that stands behind the alias at first."""
        return f"{self.prefix}-{kind}-{FIRST}"

    def events_of(self, dataset: str, day: date) -> str:
        """Return the index of a dataset's events stored on this day.

        Whatever a dataset is called, the name is one that Elasticsearch takes, and no two datasets share one.
        """
        return f"{self.prefix}-events-{_plain(dataset)}-{day:%Y.%m.%d}"


def _plain(dataset: str) -> str:
    word = _ODD.sub("_", dataset.lower()).strip("._")[:_LONGEST]
    if word == dataset:
        return word
    return f"{word or 'none'}_{blake2b(dataset.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"
