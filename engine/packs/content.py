"""What a pack holds: rule files and licences out of a zip, a folder or a Git checkout, and one digest for all three.

The digest is over the relative path and content of every rule file, sorted by path, below the deepest folder that
holds them all. So a release's zip, the folder it was unpacked to and a checkout of the same commit have the same one.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from engine.errors import ConfigurationError, RuleError
from engine.sigma.rule_files import rule_files
from engine.sigma.tailoring import File

MAX_LICENCE = 256 * 1024  # bytes
_LICENCES = ("license", "licence", "copying", "notice")
_MAX_REF = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A pack as it was found. Names are relative and POSIX (`rules/windows/x.yml`); `licences` are text files.

    `commit` is that of a Git checkout, empty for anything else.
    """

    files: tuple[File, ...]
    licences: tuple[File, ...]
    commit: str
    sha256: str


def read_pack(path: Path) -> Content:
    """Return what a zip, a folder or a Git checkout holds.

    Raise `ConfigurationError` where it is none of them, holds no rule, or has a part that cannot be read: half a pack
    is not installed.
    """
    if not path.is_dir() and path.suffix != ".zip":
        raise ConfigurationError("a pack is a zip, a folder or a Git checkout", where=str(path), hint="--from PATH")
    issues: list[RuleError] = []
    found = [(name.removeprefix(f"{path}").lstrip("!/\\"), content) for name, content in rule_files([path], issues)]
    if issues:
        raise ConfigurationError(issues[0].message, where=issues[0].where, hint="half a pack is not installed")
    if not found:
        raise ConfigurationError("no rule files (.yml) in it", where=str(path), hint="name the folder with the rules")
    files = _below_common((_safe(name, path), content) for name, content in found)
    return Content(
        files=files,
        licences=_zipped_licences(path) if path.suffix == ".zip" and path.is_file() else _licences(path),
        commit=git_commit(path),
        sha256=digest(files),
    )


def digest(files: Iterable[File]) -> str:
    """Return the SHA-256 of files by relative path and content, in any order; each part is length-prefixed."""
    total = sha256()
    for name, content in sorted(files):
        encoded = name.encode("utf-8", "surrogateescape")
        total.update(f"{len(encoded)}:".encode() + encoded)
        total.update(f"{len(content)}:".encode() + content)
    return total.hexdigest()


def _safe(name: str, path: Path) -> tuple[str, ...]:
    parts = PurePosixPath(name.replace(os.sep, "/")).parts
    if not parts or ".." in parts or parts[0] == "/" or any(":" in part or "\\" in part for part in parts):
        raise ConfigurationError("it holds a file that would lie outside its folder", where=f"{path}: {name}")
    return parts


def _below_common(found: Iterable[tuple[tuple[str, ...], bytes]]) -> tuple[File, ...]:
    items = list(found)
    folders = [parts[:-1] for parts, _ in items]
    first, last = min(folders), max(folders)  # what these two share, all share
    common = next((place for place, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), None)
    common = min(len(first), len(last)) if common is None else common
    return tuple(sorted(("/".join(parts[common:]), content) for parts, content in items))


def _is_licence(name: str) -> bool:
    return name.lower().startswith(_LICENCES)


def _licences(folder: Path) -> tuple[File, ...]:
    """Return the licences that lie in a folder or, for a folder within a repository, just above it."""
    for place in (folder, folder.parent):
        names = sorted(item for item in place.iterdir() if _is_licence(item.name) and item.is_file())
        if names:
            return tuple((item.name, _head(item)) for item in names)
    return ()


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MAX_LICENCE)


def _zipped_licences(path: Path) -> tuple[File, ...]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry for entry in archive.infolist() if _is_licence(PurePosixPath(entry.filename).name)]
            found = []
            for entry in sorted(names, key=lambda item: (item.filename.count("/"), item.filename))[:5]:
                with archive.open(entry) as stream:
                    found.append((PurePosixPath(entry.filename).name, stream.read(MAX_LICENCE)))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise ConfigurationError(f"cannot read the zip file ({error})", where=str(path)) from error
    return tuple(dict(reversed(found)).items())  # of two of the same name the one nearer to the top


def git_commit(path: Path) -> str:
    """Return the commit that a Git checkout is at, empty where it is none or does not say (git is not run)."""
    git = path / ".git"
    head = _line(git / "HEAD")
    if not head.startswith("ref: "):
        return head
    name = head.removeprefix("ref: ")
    if ".." in name or name.startswith("/"):
        return ""
    return _line(git / name) or _packed(git / "packed-refs", name)


def _line(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_MAX_REF).decode("ascii", "replace").strip()
    except OSError:
        return ""


def _packed(path: Path, name: str) -> str:
    try:
        with path.open("rb") as stream:
            rows: Sequence[str] = stream.read(MAX_LICENCE * 16).decode("ascii", "replace").splitlines()
    except OSError:
        return ""
    return next((row.partition(" ")[0] for row in rows if row.partition(" ")[2] == name), "")
