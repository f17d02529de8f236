"""Calls of kulla with a real store: in this process, or as a child that can be limited, interrupted and killed."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

from cli.edge import run
from cli.main import group
from cli.session import Session
from tests.cli.fakes import Result, Terminal

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)


def kulla(*argv: str, home: Path, terminal: bool = False, stdin: bytes | None = None, now: datetime = NOW) -> Result:
    """Run `kulla ARGV` in this process, with its state under `home` and `home`'s parent as working directory."""
    out = Terminal() if terminal else io.StringIO()
    err = Terminal() if terminal else io.StringIO()
    session = Session(
        environ={"KULLA_HOME": str(home), "COLUMNS": "80", "NO_COLOR": "1"},
        cwd=home.parent,
        stdin=io.TextIOWrapper(io.BytesIO(stdin or b"")),
        stdout=out,
        stderr=err,
        now=lambda: now,
    )
    with redirect_stdout(out), redirect_stderr(err):
        code = run(group(), argv, session)
    return Result(code=code, out=out.getvalue(), err=err.getvalue())


def child(
    *argv: str,
    home: Path,
    prelude: str = "",
    stdout: int = subprocess.PIPE,
) -> subprocess.Popen[str]:
    """Start `kulla ARGV` as a process of its own; `prelude` is Python that runs in it before."""
    program = f"import sys\nsys.argv[0] = 'kulla'\n{prelude}\nimport cli.main\ncli.main.main({list(argv)!r})\n"
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "KULLA_HOME": str(home), "NO_COLOR": "1"},
        text=True,
        errors="replace",
    )


def access_log(lines: int, *, start: int = 0, path: str = "/page") -> bytes:
    """Return lines of an nginx access log, a second apart, each its own."""
    made: list[bytes] = []
    for number in range(start, start + lines):
        hour, rest = divmod(number, 3600)
        stamp = f"10/Mar/2026:{hour % 24:02}:{rest // 60:02}:{rest % 60:02} +0000"
        made.append(f'192.0.2.1 - - [{stamp}] "GET {path}/{number} HTTP/1.1" 200 12 "-" "curl/8.5"\n'.encode())
    return b"".join(made)


def rule(title: str = "Evil asked for", *, field: str = "cs-uri-stem|contains", value: str = "evil") -> str:
    """Return a Sigma rule over web servers that looks for one value."""
    return (
        f"title: {title}\nid: 5c6b2a53-6f1d-4f5e-9d0b-6f6b8d1c0a01\nstatus: test\nlevel: high\n"
        f"logsource:\n  category: webserver\ndetection:\n  selection:\n    {field}: '{value}'\n"
        "  condition: selection\nfields: []\n"
    )


def rules_folder(base: Path, contents: Sequence[str] = ()) -> Path:
    """Return a new folder of rules under `base`: those given, or the one of `rule()`."""
    folder = base / "rules"
    folder.mkdir(exist_ok=True)
    for number, text in enumerate(contents or (rule(),)):
        (folder / f"rule{number}.yml").write_text(text, encoding="utf-8")
    return folder
