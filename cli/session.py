"""One call of kulla: its streams, flags and settings, what it says beside its data, and the issues it met.

Data goes to `stdout` through `cli.output`; everything else goes to `stderr` through the methods here, escaped.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from cli.config import Settings, load
from cli.safe import escape
from cli.settings_table import Lang
from engine.attack.table import prefer
from engine.errors import KullaError
from engine.events import instant

if TYPE_CHECKING:
    from engine.store.protocol import Store

Clock = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _open_store(settings: Settings, clock: Clock) -> Store:
    from cli.home import open_store

    return open_store(settings, clock)


@dataclass(slots=True, kw_only=True)
class Session:
    """What a command gets beside its own options. `flags` maps a setting's key to its flag and value."""

    environ: Mapping[str, str]
    cwd: Path
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    now: Clock = _utc_now
    opener: Callable[[Settings, Clock], Store] = _open_store
    verbose: bool = False
    quiet: bool = False
    flags: dict[str, tuple[str, object]] = field(default_factory=dict)
    issues: list[KullaError] = field(default_factory=list)
    alarm: bool = False  # a finding at or above --fail-on: the run exits with 1
    _settings: Settings | None = None

    @classmethod
    def of_process(cls) -> Session:
        """Return the session of this process."""
        return cls(environ=os.environ, cwd=Path.cwd(), stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr)

    @property
    def settings(self) -> Settings:
        """Return the settings, read at the first use; raise `ConfigurationError` where they cannot be."""
        if self._settings is None:
            self._settings = load(flags=self.flags, environ=self.environ, cwd=self.cwd)
            prefer(self._settings.home / "attack.json")  # of `kulla attack update`, where there was one
        return self._settings

    def forget_settings(self) -> None:
        """Read the settings again at their next use (flags have changed)."""
        self._settings = None

    @property
    def lang(self) -> Lang:
        """Return the language of texts for responders."""
        return self.settings.lang

    @property
    def interactive(self) -> bool:
        """Tell whether a person can be asked: only where the input is a terminal."""
        return self.stdin.isatty()

    @property
    def width(self) -> int:
        """Return the width of the screen in columns, 80 where there is none."""
        columns = self.environ.get("COLUMNS", "")
        if columns.isdigit() and int(columns) > 0:
            return int(columns)
        return shutil.get_terminal_size((80, 24)).columns if self.stdout.isatty() else 80

    def coloured(self, stream: TextIO) -> bool:
        """Tell whether `stream` gets colours (`NO_COLOR`, `--no-color`, `color` and the terminal decide)."""
        try:
            choice = self.settings.colour
        except KullaError:
            choice = "auto"  # what is wrong with the settings is told by the command that needs them
        flagged = "color" in self.flags
        if not flagged and (self.environ.get("NO_COLOR") or self.environ.get("TERM") == "dumb"):
            return False
        return choice == "always" or (choice == "auto" and stream.isatty())

    def open_store(self) -> Store:
        """Open the store of this session's home; use it as a context manager."""
        return self.opener(self.settings, self.now)

    def say(self, *lines: str) -> None:
        """Tell the person something, unless `--quiet`; each line is escaped."""
        if not self.quiet:
            self.insist(*lines)

    def hint(self, command: str) -> None:
        """Name the next useful command, as the last line of a command that ended well, in the language asked for."""
        flag, lang = self.flags.get("lang", ("", None))
        asked = lang == "sq" and "," not in command and flag not in command  # after a comma come words
        self.say(f"next: {command} {flag} {lang}" if asked else f"next: {command}")

    def detail(self, *lines: str) -> None:
        """Tell something that only `--verbose` shows."""
        if self.verbose:
            self.insist(*lines)

    def insist(self, *lines: str) -> None:
        """Tell something that `--quiet` does not silence (errors). Where it cannot be told, the work goes on."""
        try:
            for line in lines:
                self.stderr.write((self._document(line) if self._documents() else self._wrapped(escape(line))) + "\n")
            self.stderr.flush()
        except BrokenPipeError:
            raise  # whoever read it has left: see `cli.edge.run`
        except OSError:  # its disk is full, its terminal gone
            return

    def _wrapped(self, line: str) -> str:
        """Return a line broken between words where a screen is narrower; what may be copied stays whole."""
        if line.startswith(("next:", "  kulla ")) or not self.stderr.isatty() or len(line) < self.width:
            return line
        import textwrap

        indent = line[: len(line) - len(line.lstrip())]
        return textwrap.fill(
            line, max(self.width - 1, 1), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )

    def _documents(self) -> bool:
        try:
            return self.settings.log == "ecs"
        except KullaError:
            return False  # what is wrong with the settings is told by the command that needs them

    def _document(self, line: str) -> str:
        """Return a line as an ECS document (Elastic Common Schema), for those who collect kulla's own log."""
        import json

        level = next((name for name in ("error", "warning") if line.startswith(f"{name}:")), "info")
        return json.dumps(
            {
                "@timestamp": instant(self.now()),
                "log.level": level,
                "message": line,
                "ecs.version": "8.11.0",
                "event.dataset": "kulla.log",
                "service.name": "kulla",
                "process.pid": os.getpid(),
            }
        )

    def issue(self, error: KullaError) -> None:
        """Keep an issue that stops nothing; all are listed at the end of the run, which exits with 4."""
        self.issues.append(error)
