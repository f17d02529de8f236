"""The process edge: every way a command can end, told in one line with the next step, as a documented exit code.

kulla: error: WHERE: WHAT
next: HINT
"""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import TextIO, cast

import typer
from typer.core import TyperGroup

from cli.group import HelpWanted, PipeClosed
from cli.session import Session
from engine.errors import KullaError

OK, FINDINGS, USAGE, FAILED, ISSUES, INTERRUPTED = 0, 1, 2, 3, 4, 130
SHOWN_ISSUES = 20


def run(command: TyperGroup, argv: Sequence[str], session: Session) -> int:
    """Run the command line and return its exit code; nothing but `SystemExit` of the framework passes."""
    try:
        code = _finish(session, _invoke(command, argv, session))
        session.stdout.flush()
    except (PipeClosed, BrokenPipeError):
        _discard(session.stdout)
        return OK
    except KullaError as error:
        return _refuse(session, error)
    except HelpWanted as wanted:
        session.insist(*wanted.message.splitlines())
        return USAGE
    except typer.TyperException as error:
        return _misused(session, error)
    except (KeyboardInterrupt, typer.Abort):
        return _finish(session, INTERRUPTED)
    except OSError as error:
        return _finish(session, INTERRUPTED) if _tidying(error) else _os_refused(session, error)
    except Exception as error:  # noqa: BLE001 # the one broad handler: this is the edge of the process
        return _finish(session, INTERRUPTED) if _tidying(error) else _unexpected(session, error)
    return code


def _tidying(error: BaseException) -> bool:
    """Tell whether the error came up while the run was already ending because of Ctrl-C or SIGTERM."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        cause = cause.__context__
    return cause is not None


def _invoke(command: TyperGroup, argv: Sequence[str], session: Session) -> int:
    result = command.main(args=list(argv), prog_name="kulla", standalone_mode=False, obj=session)
    return result if isinstance(result, int) else OK


def _finish(session: Session, code: int) -> int:
    tell_issues(session)
    if code == INTERRUPTED:
        session.insist("kulla: interrupted; what was finished before is saved")
    if code == OK and session.alarm:
        return FINDINGS
    return ISSUES if code == OK and session.issues else code


def tell_issues(session: Session) -> None:
    """List the issues that were met on the way: all with -v, else the first ones and how many more there are."""
    shown = session.issues if session.verbose else session.issues[:SHOWN_ISSUES]
    for issue in shown:
        session.insist(f"kulla: issue: {_line(issue)}", *([f"  next: {issue.hint}"] if issue.hint else []))
    if more := len(session.issues) - len(shown):
        session.insist(f"kulla: {more} more issues; -v lists them all, -f json has them under `issues`")


def _refuse(session: Session, error: KullaError) -> int:
    tell_issues(session)
    _trace(session, error)
    session.insist(f"kulla: error: {_line(error)}")
    if error.hint:
        session.insist(f"next: {error.hint}")
    return error.exit_code


def _line(error: KullaError) -> str:
    """Return the error in one line, whatever line ends other people's messages have."""
    return " ".join(str(error).split())


def _misused(session: Session, error: typer.TyperException) -> int:
    possible = cast("Sequence[str] | None", getattr(error, "possibilities", None))
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "kulla"
    hint = f"did you mean {' or '.join(sorted(possible))}?" if possible else f"{path} --help"
    message = error.message if possible else error.format_message()
    session.insist("kulla: error: " + " ".join(message.split()).rstrip("."), f"next: {hint}")
    return USAGE


def _os_refused(session: Session, error: OSError) -> int:
    _trace(session, error)
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    session.insist(f"kulla: error: {where}{error.strerror or error}")
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    session.insist("next: " + ("free some space, or set KULLA_HOME to another disk" if full else "kulla config show"))
    return FAILED


def _unexpected(session: Session, error: Exception) -> int:
    _trace(session, error)
    session.insist(f"kulla: error: unexpected {type(error).__name__}: {str(error)[:500]}")
    session.insist("next: this is a fault of kulla; run it again with -v, and please report what it prints")
    return FAILED


def _trace(session: Session, error: BaseException) -> None:
    if session.verbose:
        for block in traceback.format_exception(error):
            session.insist(*block.rstrip("\n").splitlines())


def _discard(stream: TextIO) -> None:
    """Point a closed pipe at nothing, so that the interpreter's last flush does not complain."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, descriptor)
    os.close(sink)


def occupy_streams() -> None:
    """Point the standard streams that whoever started kulla had closed at nothing.

    A file that is opened later would get their number, and with it whatever is written to them.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 # for the whole process


def prepare_process(session: Session) -> None:
    """Make the process's streams take any text, and route warnings of libraries through the escaping."""
    gc.set_threshold(50_000, 20, 50)  # rules and tables are many small objects that live to the end: look seldom
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # kulla's work is parted by process; idle threads of numpy spin
    for stream in (sys.stdout, sys.stderr):
        encoding = None if stream.isatty() else "utf-8"
        stream.reconfigure(encoding=encoding, errors="backslashreplace")  # type: ignore[union-attr] # text streams of the process

    def show(message: Warning | str, *_: object, **__: object) -> None:
        session.detail(*f"kulla: warning: {message}".splitlines())

    warnings.showwarning = show
    for number in ending_signals():
        signal.signal(number, _stopped)  # a scheduler that stops a run means what Ctrl-C means


def ending_signals() -> Sequence[signal.Signals]:
    """Return the signals beside Ctrl-C that end a run: SIGTERM, and SIGHUP (the terminal is gone) but for `nohup`."""
    found = (signal.SIGTERM, signal.SIGHUP)
    return [number for number in found if signal.getsignal(number) is not signal.SIG_IGN]


def _stopped(*_: object) -> None:
    raise KeyboardInterrupt
