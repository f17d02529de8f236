"""Installed packs: every version in a folder of its own, and a link that says which one is in use.

    HOME/packs/NAME/<first 16 digits of the digest>/   rule files, licences, pack.json
    HOME/packs/NAME/history.json                       digests in the order of their installation
    HOME/rules/NAME -> ../packs/NAME/<digest>          what `--rules NAME` means

The link is replaced in one step, so that a run that begins at any moment sees one whole version. What a site adds to
the rules (filters, values, pipelines) lies elsewhere and is not touched.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from engine.errors import ConfigurationError, NotFoundError
from engine.events import instant
from engine.packs.content import Content, digest

_SHORT = 16
_KEPT = 5  # versions that can be gone back to
_FACTS = "pack.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One installed version of a pack: what it is, where it came from, and when (ISO 8601) it was installed."""

    name: str
    version: str
    sha256: str
    source: str
    installed: str
    rules: int
    licences: tuple[str, ...]


class Packs:
    """The packs under a state folder. Errors of the disk are raised as `ConfigurationError`."""

    def __init__(self, home: Path) -> None:
        self._packs = home / "packs"
        self._rules = home / "rules"

    def names(self) -> tuple[str, ...]:
        """Return the names of packs that were installed here."""
        found = self._rules.iterdir() if self._rules.is_dir() else ()
        return tuple(sorted(item.name for item in found if item.is_symlink()))

    def current(self, name: str) -> Installed | None:
        """Return the version in use, None where the pack was not installed here."""
        link = self._rules / name
        return _facts(link / _FACTS) if link.is_symlink() else None

    def folder(self, name: str) -> Path | None:
        """Return where the version in use lies."""
        link = self._rules / name
        return link if link.is_symlink() and link.exists() else None

    def is_whole(self, item: Installed) -> bool:
        """Tell whether the installed files are still those that were installed."""
        return _holds(self._rules / item.name, item.sha256)

    def install(self, name: str, content: Content, *, version: str, source: str, now: datetime) -> Installed:
        """Put a version in use. A version that lies here already is taken as it is, if it is still whole."""
        if (self._rules / name).exists() and not (self._rules / name).is_symlink():
            raise ConfigurationError(
                "these rules were put there by hand", where=str(self._rules / name), hint="move them away first"
            )
        item = Installed(
            name=name,
            version=version,
            sha256=content.sha256,
            source=source,
            installed=instant(now),
            rules=len(content.files),
            licences=tuple(file for file, _ in content.licences),
        )
        try:
            self._unpack(item, content)
            self._use(name, content.sha256)
            self._remember(name, [*(number for number in self._history(name) if number != item.sha256), item.sha256])
        except OSError as error:
            raise ConfigurationError(f"cannot install it ({error.strerror})", where=str(self._packs / name)) from error
        return item

    def roll_back(self, name: str) -> Installed:
        """Put the version before this one in use again; raise `NotFoundError` where there is none."""
        current = self.current(name)
        history = list(self._history(name))
        while history and current is not None and history[-1] == current.sha256:
            history.pop()
        if current is None or not history:
            raise NotFoundError(f"no earlier version of {name} is kept", hint="kulla rules update")
        before = _facts(self._packs / name / history[-1][:_SHORT] / _FACTS)
        if before is None:
            raise NotFoundError(f"the version before is no longer whole: {history[-1][:_SHORT]}")
        try:
            self._use(name, before.sha256)
            self._remember(name, history)
        except OSError as error:
            raise ConfigurationError(f"cannot go back ({error.strerror})", where=str(self._packs / name)) from error
        return before

    def _unpack(self, item: Installed, content: Content) -> None:
        folder = self._packs / item.name / item.sha256[:_SHORT]
        facts = json.dumps(asdict(item), indent=1, ensure_ascii=False) + "\n"
        if _holds(folder, item.sha256):  # it may be in use this moment: its rules stay where they are
            noted = folder / f".{_FACTS}.tmp"
            noted.write_text(facts, encoding="utf-8")
            noted.replace(folder / _FACTS)
            return
        temporary = folder.with_name(f".{folder.name}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True, mode=0o700)
        for name, data in (*content.licences, *content.files):
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (temporary / _FACTS).write_text(facts, encoding="utf-8")
        aside = folder.with_name(f".{folder.name}.old")
        shutil.rmtree(aside, ignore_errors=True)
        if folder.exists():  # damaged, or changed by hand
            folder.rename(aside)
        temporary.rename(folder)
        shutil.rmtree(aside, ignore_errors=True)

    def _use(self, name: str, number: str) -> None:
        self._rules.mkdir(parents=True, exist_ok=True, mode=0o700)
        link = self._rules / name
        temporary = self._rules / f".{name}.tmp"
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(Path("..", "packs", name, number[:_SHORT]), target_is_directory=True)
        temporary.replace(link)

    def _history(self, name: str) -> Sequence[str]:
        try:
            found = json.loads((self._packs / name / "history.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ()
        return [item for item in found if isinstance(item, str)] if isinstance(found, list) else ()

    def _remember(self, name: str, history: Sequence[str]) -> None:
        """Write the history, and remove the versions that are too old to go back to."""
        kept = list(history)[-_KEPT:]
        (self._packs / name / "history.json").write_text(json.dumps(kept) + "\n", encoding="utf-8")
        short = {number[:_SHORT] for number in kept}
        current = self.current(name)
        for folder in (self._packs / name).iterdir():
            in_use = current is not None and folder.name == current.sha256[:_SHORT]
            if folder.is_dir() and folder.name not in short and not in_use:
                shutil.rmtree(folder, ignore_errors=True)


def _facts(path: Path) -> Installed | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Installed(**{**found, "licences": tuple(found["licences"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _holds(folder: Path, number: str) -> bool:
    """Tell whether the rule files below a folder are those of this digest."""
    files = [path for path in folder.rglob("*") if path.suffix in {".yml", ".yaml"} and path.is_file()]
    return bool(files) and digest((path.relative_to(folder).as_posix(), path.read_bytes()) for path in files) == number
