"""Finding and reading rule files in folders, zips and by name, within bounds that no folder or zip can exceed.

Links to folders are followed, each folder once, so that no loop of links is walked twice; what is no regular file (a
pipe, a device) is listed and never opened.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from engine.errors import ConfigurationError, RuleError
from engine.sigma.tailoring import File

MAX_READ = 2 * 1024 * 1024 + 1  # bytes of a rule file; a larger one is refused by `documents`
MAX_TOTAL = 256 * 1024 * 1024  # bytes of all rule files; SigmaHQ has 12 MiB
MAX_ENTRIES = 200_000  # files and folders looked at
MAX_ZIP = 64 * 1024 * 1024  # bytes of a packed zip
_SUFFIXES = (".yml", ".yaml")
_NOT_RULES = frozenset({".git", "deprecated", "unsupported", "regression_data", "tests"})
# RuntimeError: encrypted; NotImplementedError: packed in a way that Python does not know
_BROKEN_ENTRY = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
_HINT = "look at the file and its permissions"


@dataclass(slots=True)
class _Budget:
    """How much may still be read."""

    left: int = MAX_TOTAL
    entries: int = MAX_ENTRIES
    visited: set[tuple[int, int]] = field(default_factory=set)

    def spend(self, content: bytes) -> bytes:
        """Return the content; raise `ValueError` where it is too much."""
        self.left -= len(content)
        if self.left < 0:
            raise _TooMuch(f"more than {MAX_TOTAL // 2**20} MiB of rules; the rest is not read")
        return content

    def count(self) -> None:
        """Count one file or folder; raise `ValueError` where there are too many."""
        self.entries -= 1
        if self.entries < 0:
            raise _TooMuch(f"more than {MAX_ENTRIES:,} files and folders; the rest is not looked at")


class _TooMuch(Exception):  # noqa: N818 - a bound that was reached, told as an issue
    """The bound of bytes or entries was reached."""


def rule_files(paths: Iterable[Path], issues: list[RuleError]) -> Iterator[File]:
    """Yield name and content of every rule file under the paths; what cannot be read in a folder becomes an issue.

    Raise `ConfigurationError` where a path that was named does not exist or cannot be read.
    """
    budget = _Budget()
    for path in paths:
        try:
            yield from _under(path, budget, issues)
        except _TooMuch as error:
            issues.append(RuleError(str(error), where=f"{path}:1", hint="name the folders that hold rules"))


def stamp(paths: Iterable[Path]) -> tuple[str, int] | None:
    """Return what tells without reading them whether rule files changed, and when the last change was (ns, 1970).

    It is a hash of every file's name, size, inode, and times of change. None where something can't be looked at.
    """
    budget, issues, files = _Budget(), list[RuleError](), list[str]()
    digest, newest = sha256(), 0
    try:
        for path in paths:
            if path.is_dir():
                _walk(path, files, budget, issues)
            else:
                files.append(str(path))
        for file in files:
            status = os.stat(file)  # noqa: PTH116 - there are thousands, and a `Path` costs more than asking the system
            newest = max(newest, status.st_mtime_ns, status.st_ctime_ns)
            facts = (status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
            digest.update(f"{len(file)}:{file}{facts}".encode("utf-8", "surrogateescape"))
    except (OSError, _TooMuch):
        return None
    return None if issues else (digest.hexdigest(), newest)


def _under(path: Path, budget: _Budget, issues: list[RuleError]) -> Iterator[File]:
    if path.is_dir():
        found: list[str] = []
        _walk(path, found, budget, issues)
        for file in sorted(map(Path, found)):
            try:
                yield str(file), budget.spend(_read(file))
            except OSError as error:
                issues.append(_unread(str(file), error.strerror or str(error)))
    elif path.suffix == ".zip" and path.is_file():
        yield from _zipped(path, budget, issues)
    elif path.exists():
        try:
            yield str(path), budget.spend(_read(path))
        except OSError as error:
            raise ConfigurationError(f"cannot read it ({error.strerror or error})", where=str(path)) from error
    else:
        raise ConfigurationError(
            "no such rule file or folder", where=str(path), hint="--rules takes own, a folder, a file or a zip"
        )


def _walk(top: Path, found: list[str], budget: _Budget, issues: list[RuleError]) -> None:
    """Collect the paths of the rule files under a folder, without recursion."""
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in budget.visited:
                continue
            budget.visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                for entry in entries:
                    budget.count()
                    if _is_folder(entry):
                        if entry.name not in _NOT_RULES:
                            waiting.append(folder / entry.name)
                    elif entry.name.endswith(_SUFFIXES):
                        found.append(entry.path)
        except OSError as error:
            issues.append(_unread(str(folder), error.strerror or str(error)))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself: told when it is opened
        return False


def _unread(name: str, reason: str) -> RuleError:
    return RuleError(f"cannot read it ({reason})", where=f"{name}:1", hint=_HINT)


def _read(file: Path) -> bytes:
    if not stat.S_ISREG(file.stat().st_mode):
        raise OSError("it is no regular file")
    with file.open("rb") as stream:
        return stream.read(MAX_READ)


def _zipped(path: Path, budget: _Budget, issues: list[RuleError]) -> Iterator[File]:
    try:
        if path.stat().st_size > MAX_ZIP:
            raise ConfigurationError(
                f"larger than {MAX_ZIP // 2**20} MiB", where=str(path), hint="unpack it and name the folder"
            )
        with zipfile.ZipFile(path) as archive:
            for entry in sorted(archive.infolist(), key=lambda item: item.filename):
                budget.count()
                parts = entry.filename.split("/")
                if entry.filename.endswith(_SUFFIXES) and not _NOT_RULES & set(parts[:-1]):
                    name = f"{path}!{entry.filename}"
                    try:
                        yield name, budget.spend(_unzipped(archive, entry))
                    except _BROKEN_ENTRY as error:
                        issues.append(_unread(name, str(error)))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ConfigurationError(f"cannot read the zip file ({error})", where=str(path)) from error


def _unzipped(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as stream:
        return stream.read(MAX_READ)


def read_again(name: str) -> bytes:
    """Return the content of a rule file by the name it was loaded under (`pack.zip!folder/rule.yml` in a zip).

    Raise `OSError` where it is not there any more.
    """
    file = Path(name)
    if not file.exists() and "!" in name:
        archive_name, _, inner = name.partition("!")
        try:
            with zipfile.ZipFile(archive_name) as archive:
                return _unzipped(archive, archive.getinfo(inner))
        except (KeyError, *_BROKEN_ENTRY) as error:
            raise OSError(f"no longer in the zip ({error})") from error
    return _read(file)
