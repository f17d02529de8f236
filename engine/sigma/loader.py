"""Rule files: found in folders and zips, and remembered compiled."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from engine.errors import ConfigurationError
from engine.sigma import cache
from engine.sigma.rules import RuleSet

MAX_READ = 4 * 1024 * 1024 + 1  # bytes of a rule file; a larger one is refused by `documents`
_SUFFIXES = (".yml", ".yaml")
_NOT_RULES = frozenset({".git", "deprecated", "unsupported", "regression_data", "tests"})


def load_rules(paths: Sequence[Path], *, cache_folder: Path | None = None) -> RuleSet:
    """Load every rule under the paths (files, folders, zip files), from the cache where nothing has changed.

    Raise `ConfigurationError` where a path does not exist or holds no rule file at all.
    """
    files = list(_rule_files(paths))
    if not files:
        places = ", ".join(str(path) for path in paths)
        raise ConfigurationError("no rule files (.yml) found", where=places, hint="check the path given to --rules")
    key = _content_key(files)
    if cache_folder is not None and (kept := cache.read(cache_folder, key)) is not None:
        return kept
    from engine.sigma.documents import compile_files  # noqa: PLC0415 - pySigma takes 0.2 s to import: only where needed

    rules = compile_files(files)
    if cache_folder is not None:
        cache.write(cache_folder, key, rules)
    return rules


def _content_key(files: Sequence[tuple[str, bytes]]) -> str:
    digest = sha256()
    for name, content in files:
        digest.update(f"{len(name.encode())}:{name}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()


def _rule_files(paths: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if file.suffix in _SUFFIXES and not _NOT_RULES & set(file.relative_to(path).parts[:-1]):
                    yield str(file), _read(file)
        elif path.suffix == ".zip" and path.is_file():
            yield from _zipped(path)
        elif path.is_file():
            yield str(path), _read(path)
        else:
            raise ConfigurationError(
                "no such rule file or folder", where=str(path), hint="--rules takes own, a folder, a file or a zip"
            )


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_READ)
    except OSError as error:
        raise ConfigurationError(f"cannot read it ({error.strerror})", where=str(file)) from error


def _zipped(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in sorted(archive.infolist(), key=lambda item: item.filename):
                parts = entry.filename.split("/")
                if entry.filename.endswith(_SUFFIXES) and not _NOT_RULES & set(parts[:-1]):
                    with archive.open(entry) as stream:
                        yield f"{path}!{entry.filename}", stream.read(MAX_READ)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise ConfigurationError(f"cannot read the zip file ({error})", where=str(path)) from error
