"""The user-written sources of a set-up: files and folders of YAML, each name once, none of kulla's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from collectors.declared.reading import load
from collectors.declared.source import DeclaredSource
from collectors.registry import sources
from engine.errors import ConfigurationError

_SUFFIXES: Final = frozenset({".yml", ".yaml"})
_MOST: Final = 500  # files


def declared_sources(paths: Iterable[Path]) -> tuple[DeclaredSource, ...]:
    """Return the sources of files and folders (not of folders in them), by name.

    Raise `ConfigurationError` for a path that is missing, a file that declares none, and a name that is taken.
    """
    found: dict[str, DeclaredSource] = {}
    for path in _files(paths):
        source = _loaded(path, path.stat().st_mtime_ns)
        for name in (source.name, *source.aliases):
            if name in found:
                where = found[name].declared.file
                raise ConfigurationError(f"the name `{name}` is taken by {where}", where=str(path), hint="rename it")
            found[name] = source
    return tuple(sorted(set(found.values()), key=lambda source: source.name))


@lru_cache(maxsize=_MOST)
def _loaded(path: Path, modified: int) -> DeclaredSource:  # noqa: ARG001 - a file that was changed is read again
    source = load(path)
    others = (item for item in sources() if not (isinstance(item, DeclaredSource) and _is_same(item, path)))
    own = {name for item in others for name in (item.name, *item.aliases)}
    for name in (source.name, *source.aliases):
        if name in own:
            raise ConfigurationError(
                f"`{name}` is one of kulla's own sources", where=f"{path}:1", hint="give the source another name"
            )
    return source


def _is_same(source: DeclaredSource, path: Path) -> bool:
    """Tell whether a file is the very one of one of kulla's own sources, whose tests may be run as any file's."""
    return Path(source.declared.file) == path.resolve()


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES and file.is_file())
            if len(files) > _MOST:
                raise ConfigurationError(
                    f"more than {_MOST} files", where=str(path), hint="name the ones that are used"
                )
            yield from files
        elif path.is_file():
            yield path
        else:
            raise ConfigurationError("no such file or folder", where=str(path), hint="collectors.sources in kulla.toml")
