"""Writing a document to where it is wanted: the format chosen, the file replaced only when the whole of it is there."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.document import Checked, Document, Listing, Report
from cli.options import choice
from cli.session import Session
from engine.errors import ConfigurationError, UsageError

FORMATS = ("table", "json", "jsonl", "csv", "md", "html")
REPORT_FORMATS = ("table", "json", "jsonl", "md", "html")
CHECK_FORMATS = (*FORMATS, "junit", "sarif")  # of commands that check something, for what reads their answers
_SUFFIXES = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".md": "md", ".html": "html"}
_CHECK_SUFFIXES = {".xml": "junit", ".sarif": "sarif"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a command's data goes, and in which format: settled before any work is done. `path` None is stdout."""

    session: Session
    format: str
    path: Path | None

    def write(self, document: Document) -> None:
        """Write the document; raise `ConfigurationError` where the file can't be written (it is then untouched)."""
        self.write_parts(_parts(self.session, document, self.format, screen=self.path is None))

    def write_checked(self, checked: Checked) -> None:
        """Write what checks found: JUnit XML or SARIF where that was asked for, else the listing."""
        if self.format not in {"junit", "sarif"}:
            self.write(checked.listing)
            return
        from cli.formats import junit, sarif

        parts = junit.document(checked) if self.format == "junit" else sarif.document(checked, self.session.cwd)
        self.write_parts(parts)

    def write_parts(self, parts: Iterator[str]) -> None:
        """Write text that is already in its format, to the file or to stdout."""
        if self.path is not None:
            write_file(self.path, parts)
            self.session.say(f"written: {self.path}")
            return
        for part in parts:
            self._print(part)
        self._print("")

    def _print(self, text: str) -> None:
        """Write to stdout (nothing: have everything there); raise `ConfigurationError` where it takes no more."""
        try:
            self.session.stdout.write(text) if text else self.session.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise ConfigurationError(
                f"cannot write it ({error.strerror})", where="stdout", hint=_write_hint(error)
            ) from error


def target(
    session: Session,
    format: str | None = None,  # noqa: A002 # the option's own name
    output: str | None = None,
    *,
    allowed: Sequence[str] = FORMATS,
) -> Target:
    """Return the target of `--format` and `--output`; call it before the work.

    Without a format: by the file's suffix, else a table on a terminal and jsonl anywhere else. Raise `UsageError` for
    a format that has no meaning here, `ConfigurationError` for a file whose folder is not there.
    """
    path = None if output in (None, "-") else session.cwd / str(output)
    if path is not None and not path.parent.is_dir():
        raise ConfigurationError("there is no such folder", where=str(path.parent), hint="make the folder first")
    if path is not None and path.is_dir():
        raise ConfigurationError("this is a folder", where=str(path), hint="-o FILE")
    return Target(session=session, format=_chosen(session, format, path, allowed), path=path)


def _chosen(session: Session, word: str | None, path: Path | None, allowed: Sequence[str]) -> str:
    if word is None and path is None:
        return "table" if session.stdout.isatty() else "jsonl"
    if word is None and path is not None:
        known_suffixes = {**_SUFFIXES, **(_CHECK_SUFFIXES if "sarif" in allowed else {})}
        word = known_suffixes.get(path.suffix.lower(), "jsonl")
    known = choice("--format", str(word), CHECK_FORMATS if "sarif" in allowed else FORMATS)
    if known not in allowed:
        raise UsageError(
            f"{known} has no meaning for this command", where="--format", hint=f"one of: {', '.join(allowed)}"
        )
    return known


def _parts(session: Session, document: Document, chosen: str, *, screen: bool) -> Iterator[str]:
    match chosen:
        case "jsonl":
            from cli.formats import jsons

            return jsons.jsonl(document)
        case "json":
            from cli.formats import jsons

            return jsons.json_document(document, session.issues)
        case "csv":
            from cli.formats import csvs

            return csvs.rows(_listing(document))
        case "md":
            from cli.formats import markdown

            return markdown.document(document)
        case "html":
            from cli.formats import page

            return page.page(document)
        case _:
            return _table(session, document, screen=screen)


def _listing(document: Document) -> Listing:
    if isinstance(document, Report):
        raise UsageError("csv has no meaning for this command", where="--format", hint="-f json")
    return document


def _table(session: Session, document: Document, *, screen: bool) -> Iterator[str]:
    from cli.formats import terminal

    if isinstance(document, Listing):
        rows = tuple(document.rows)
        if not rows:
            session.say(document.empty)
            return iter(())
        document = Listing(
            name=document.name, title=document.title, columns=document.columns, rows=rows, fields=document.fields
        )
    colour = screen and session.coloured(session.stdout)
    return terminal.parts(document, width=session.width, colour=colour)


def write_file(path: Path, parts: Iterator[str]) -> None:
    """Write the parts to a temporary file beside `path` and rename it; devices and pipes are written directly.

    Raise `ConfigurationError` where that fails; the file that was there before is then untouched.
    """
    try:
        target = path.resolve()
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            with target.open("w", encoding="utf-8", newline="", errors="backslashreplace") as stream:
                stream.writelines(parts)
            return
        _replace(target, parts)
    except OSError as error:
        raise ConfigurationError(
            f"cannot write it ({error.strerror})", where=str(path), hint=_write_hint(error)
        ) from error


def _replace(target: Path, parts: Iterator[str]) -> None:
    temporary = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("x", encoding="utf-8", newline="", errors="backslashreplace") as stream:
            stream.writelines(parts)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_hint(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "free some space, or write elsewhere with -o"
    if error.errno == errno.ENOENT:
        return "make the folder first"
    return "check the folder's owner and mode, or write elsewhere with -o"
