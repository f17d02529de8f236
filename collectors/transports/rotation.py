"""Which files belong to what is followed: the file that was named with its rotated copies, or all files of a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from collectors.files import log_files
from engine.errors import InputError

_SLACK = 2.0  # seconds by which file systems round

# access.log -> access.log.1, access.log-20260311, access.log.2.gz; and access-20260311.log
_ROTATED = re.compile(r"[.\-_][0-9A-Za-z.\-_:]{1,64}")


def is_rotation(path: str, of: str) -> bool:
    """Tell whether a path has the name of `of` itself, or one that a rotation of it gives."""
    here, there = Path(path), Path(of)
    if here.parent != there.parent:
        return False
    name, stem, suffix = here.name, there.stem, there.suffix
    if name == there.name:
        return True
    if name.startswith(there.name):
        return _ROTATED.fullmatch(name[len(there.name) :]) is not None
    for packed in ("", ".gz", ".zst", ".xz"):
        end = suffix + packed
        if name.startswith(stem) and name.endswith(end) and len(name) > len(stem) + len(end):
            middle = name[len(stem) : len(name) - len(end)]
            return _ROTATED.fullmatch(middle) is not None and any(mark.isdigit() for mark in middle)
    return False


def related(path: str, other: str) -> bool:
    """Tell whether two paths may be names of one log at different times."""
    return is_rotation(path, other) or is_rotation(other, path)


class Watched:
    """The files that are followed. `since` says when following a named file began (seconds since 1970)."""

    def __init__(self, named: Sequence[Path], since: Mapping[str, float]) -> None:
        self.named = tuple(named)
        self._since = since
        self.failures: list[InputError] = []

    def files(self) -> Iterator[tuple[Path, float]]:
        """Yield each file with the instant before which it is none of ours, unless it is known (0: always ours).

        A rotated copy beside a named file belongs to it; an old one, written before following began, does not.
        """
        self.failures = []
        seen: set[Path] = set()
        for path in self.named:
            folder = path.is_dir()
            found = [(path, 0.0)] if not folder else [(file, 0.0) for file in log_files([path], failed=self._failed)]
            if not folder:
                found = [*self._copies(path), *found]
            for file, since in found:
                if file not in seen:
                    seen.add(file)
                    yield file, since

    def _copies(self, path: Path) -> Iterator[tuple[Path, float]]:
        since = self._since.get(str(path), 0.0) - _SLACK
        try:
            names = sorted(each.name for each in path.parent.iterdir())
        except OSError:
            return
        for name in names:
            if name != path.name and is_rotation(str(path.parent / name), str(path)):
                yield path.parent / name, since

    def _failed(self, error: InputError) -> None:
        self.failures.append(error)
