"""Pulling what is new in a bucket: objects listed by key and entity tag, those read before passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from collectors.pulling.ahead import Ahead
from collectors.pulling.objects import GoneError, Listed, ObjectMark, ObjectReading, key_of, object_mark
from collectors.pulling.seam import Means, Pulled, UnreachableError
from engine.errors import InputError

KIND = "pulling-s3"
PAUSE = 30.0  # seconds between two listings
_IN_A_ROW = 3  # objects that fail
_MOST_REFUSED = 10_000  # objects that are told and remembered
_NO_LOGS = (".md", ".html", ".pdf", ".png", ".parquet", ".sha256")


@dataclass(slots=True, kw_only=True)
class BucketPuller:
    """Pulls the objects of a bucket whose keys begin with `prefix`.

    `passed` counts objects that are no logs by what the listing says of them. An object that cannot be read is told
    once and tried again by the next run; an object that has changed is read again, which stores only what is new in it.
    """

    bucket: Ahead
    prefix: str
    means: Means
    kind: str = KIND
    pause: float = field(default_factory=lambda: PAUSE)
    passed: Counter[str] = field(default_factory=Counter)
    _refused: dict[str, str] = field(default_factory=dict)
    _failed: int = 0

    def pull(self) -> Iterator[Pulled]:
        """Yield the records of every object that is new or has changed."""
        self.passed.clear()
        for page in self.bucket.listed(self.prefix):
            wanted = [found for found in page if self._wanted(found)]
            keys = {found.key: key_of(self.bucket, found.key) for found in wanted}
            bodies = self.means.recall(keys.values()) if keys else {}
            marks = {found: object_mark(bodies.get(keys[found.key], "")) for found in wanted}
            for found in self.bucket.walk(found for found in wanted if self._is_due(found, marks[found])):
                yield from self._read(found, marks[found])

    def close(self) -> None:
        """Let go of the connection."""
        self.bucket.close()

    def _wanted(self, found: Listed) -> bool:
        if why := _unwanted(found, self.prefix):
            self.passed[why] += 1
        return not why

    def _is_due(self, found: Listed, mark: ObjectMark | None) -> bool:
        done = mark is not None and mark.done and mark.tag == found.tag
        return not done and self._refused.get(found.key) != found.tag

    def _read(self, found: Listed, mark: ObjectMark | None) -> Iterator[Pulled]:
        """Yield an object's records; one that fails costs only itself, but several in a row mean the service."""
        try:
            yield from ObjectReading(self.bucket, found, self.means).read(mark)
        except UnreachableError as error:
            self._failed += 1
            if self._failed == _IN_A_ROW:
                self._failed = 0
                raise
            self.means.told(error)
        except GoneError as error:  # what it is now, the next listing shows
            self._failed = 0
            self.means.told(error)
        except InputError as error:
            self._failed = 0
            self._refuse(found, error)
        else:
            self._failed = 0

    def _refuse(self, found: Listed, error: InputError) -> None:
        if len(self._refused) < _MOST_REFUSED:
            self._refused[found.key] = found.tag
            self.means.told(error)
        else:
            self.passed["more objects that cannot be read"] += 1


def _unwanted(found: Listed, prefix: str) -> str | None:
    """Return why an object is passed over, None where it is to be read; one that is named is always read."""
    if found.key.endswith("/") or not found.size:
        return "empty objects"
    if found.key == prefix:
        return None
    name = found.key.rpartition("/")[2]
    if name.startswith("."):
        return "hidden objects"
    return "objects that are no logs by their names" if name.lower().endswith(_NO_LOGS) else None
