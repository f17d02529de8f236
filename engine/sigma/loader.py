"""Rule files: found in folders and zips, and remembered compiled."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from engine.errors import ConfigurationError, RuleError
from engine.sigma import cache
from engine.sigma.rules import RuleSet

MAX_READ = 4 * 1024 * 1024 + 1  # bytes of a rule file; a larger one is refused by `documents`
_SUFFIXES = (".yml", ".yaml")
# RuntimeError: encrypted; NotImplementedError: packed in a way that Python does not know
_BROKEN_ENTRY = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
_NOT_RULES = frozenset({".git", "deprecated", "unsupported", "regression_data", "tests"})


def load_rules(paths: Sequence[Path], *, cache_folder: Path | None = None) -> RuleSet:
    """Load every rule under the paths (files, folders, zip files), from the cache where nothing has changed.

    A file that cannot be read is an issue of the rule set and stops nothing. Raise `ConfigurationError` where a path
    that was named does not exist or cannot be read, or where there is no rule file at all.
    """
    issues: list[RuleError] = []
    files = list(_rule_files(paths, issues))
    if not files and not issues:
        places = ", ".join(str(path) for path in paths)
        raise ConfigurationError("no rule files (.yml) found", where=places, hint="check the path given to --rules")
    key = _content_key(files)
    if cache_folder is not None and (kept := cache.read(cache_folder, key)) is not None:
        kept.issues[:0] = issues
        return kept
    from engine.sigma.documents import compile_files  # noqa: PLC0415 - pySigma takes 0.2 s to import: only where needed

    rules = compile_files(files)
    if cache_folder is not None:
        cache.write(cache_folder, key, rules)
    rules.issues[:0] = issues
    return rules


def _content_key(files: Sequence[tuple[str, bytes]]) -> str:
    digest = sha256()
    for name, content in files:
        digest.update(f"{len(name.encode())}:{name}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()


def _rule_files(paths: Iterable[Path], issues: list[RuleError]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                parts = file.relative_to(path).parts[:-1]
                if file.suffix in _SUFFIXES and not _NOT_RULES & set(parts) and not file.is_dir():
                    try:
                        yield str(file), _read(file)
                    except OSError as error:
                        issues.append(_unread(str(file), error.strerror or str(error)))
        elif path.suffix == ".zip" and path.is_file():
            yield from _zipped(path, issues)
        elif path.is_file():
            try:
                yield str(path), _read(path)
            except OSError as error:
                raise ConfigurationError(f"cannot read it ({error.strerror})", where=str(path)) from error
        else:
            raise ConfigurationError(
                "no such rule file or folder", where=str(path), hint="--rules takes own, a folder, a file or a zip"
            )


def _unread(name: str, reason: str) -> RuleError:
    return RuleError(f"cannot read it ({reason})", where=f"{name}:1", hint="look at the file and its permissions")


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(MAX_READ)


def _zipped(path: Path, issues: list[RuleError]) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in sorted(archive.infolist(), key=lambda item: item.filename):
                parts = entry.filename.split("/")
                if entry.filename.endswith(_SUFFIXES) and not _NOT_RULES & set(parts[:-1]):
                    name = f"{path}!{entry.filename}"
                    try:
                        yield name, _unzipped(archive, entry)
                    except _BROKEN_ENTRY as error:
                        issues.append(_unread(name, str(error)))
    except (zipfile.BadZipFile, OSError) as error:
        raise ConfigurationError(f"cannot read the zip file ({error})", where=str(path)) from error


def _unzipped(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as stream:
        return stream.read(MAX_READ)
