"""How commands end: exit codes, one line and the next step, never a traceback without -v."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from cli.edge import run
from cli.main import group
from cli.session import Session
from engine.errors import InputError, LedgerError, NotFoundError, RuleError, StoreError
from engine.store.embedded import EmbeddedStore
from tests.cli.fakes import NOW, FakeStore, an_alert, call
from tests.cli.runs import ROOT, access_log, child

if TYPE_CHECKING:
    from engine.store.protocol import Store


class Failing(FakeStore):
    """A store that fails with whatever it is told to."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def alerts(self, **_: object):  # type: ignore[override,no-untyped-def]
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (StoreError("it is full", where="/data/store", hint="free some space"), 3, "/data/store: it is full"),
        (NotFoundError("no such alert"), 2, "no such alert"),
        (LedgerError("record 3 was changed"), 1, "record 3 was changed"),
        (InputError("unreadable", where="a.log:3"), 4, "a.log:3: unreadable"),
        (OSError(errno.ENOSPC, "No space left on device", "/data/x"), 3, "/data/x: No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", b"/data/x"), 3, "/data/x: Permission denied"),
        (ValueError("odd"), 3, "unexpected ValueError: odd"),
        (RecursionError(), 3, "unexpected RecursionError"),
        (MemoryError(), 3, "unexpected MemoryError"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (BrokenPipeError(), 0, ""),
    ],
    ids=repr,
)
def test_every_end_has_its_code_and_its_line(error: BaseException, code: int, words: str) -> None:
    result = call("alerts", "list", store=Failing(error))
    assert result.code == code
    assert words in result.err
    assert "Traceback" not in result.err
    assert result.out == ""
    if code in (1, 2, 3, 4) and not isinstance(error, NotFoundError | LedgerError | InputError):
        assert "\nnext: " in result.err


def test_verbose_shows_the_traceback_escaped() -> None:
    result = call("alerts", "list", "-v", store=Failing(ValueError("odd \x1b[2J")))
    assert "Traceback" in result.err
    assert "\x1b" not in result.err
    assert result.code == 3


def test_collected_issues_are_listed_at_the_end_and_exit_with_4(monkeypatch: pytest.MonkeyPatch) -> None:
    from cli.session import Session

    class WithIssues(FakeStore):
        def alerts(self, **_: object):  # type: ignore[override,no-untyped-def]
            for number in range(30):
                session[0].issue(RuleError("no condition", where=f"rule{number}.yml:1", hint="kulla rules check"))
            return [an_alert()]

    session: list[Session] = []
    opened = Session.open_store
    monkeypatch.setattr(Session, "open_store", lambda self: session.append(self) or opened(self))
    result = call("alerts", "list", "-f", "json", store=WithIssues())
    assert result.code == 4
    assert "kulla: issue: rule0.yml:1: no condition\n  next: kulla rules check" in result.err
    assert "10 more issues" in result.err
    document = json.loads(result.out)
    assert len(document["issues"]) == 30
    assert document["issues"][0] == {"where": "rule0.yml:1", "what": "no condition", "hint": "kulla rules check"}
    assert len(document["alerts"]) == 1


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["alrets"], "did you mean alerts?"),
        (["alerts", "lits"], "did you mean list?"),
        (["alerts", "list", "--formt", "csv"], "did you mean --format"),
        (["alerts", "list", "-f", "jsno"], "did you mean json?"),
        (["alerts", "list", "-f", "yaml"], "one of: table, json"),
        (["alerts", "show", "x", "-f", "csv"], "csv has no meaning for this command"),
        (["alerts", "list", "--level", "hihg"], "did you mean high?"),
        (["alerts", "list", "--since", "yesterdayish"], "--since 2026-03-01T08:00:00Z"),
        (["alerts", "list", "--since", "1h", "--until", "2h"], "the span is empty"),
        (["alerts", "list", "--limit", "many"], "kulla alerts list --help"),
        (["alerts", "list", "--limit", "-1"], "kulla alerts list --help"),
        (["alerts", "show"], "kulla alerts show --help"),
        (["alerts", "close", "x", "--verdict", "bening", "--why", "y"], "did you mean benign?"),
        (["alerts", "close", "x", "--verdict", "benign", "--why", " "], "a verdict needs its reason"),
        (["search"], "kulla search --help"),
        (["search", "(a"], "expression:1: the bracket is not closed"),
        (["--lang", "fr", "alerts", "list"], "one of en, sq is wanted"),
        (["alerts", "list", "--lang", "fr"], "one of en, sq is wanted"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_says_what_and_what_next(argv: list[str], words: str) -> None:
    result = call(*argv)
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("kulla: error: ")
    assert "\nnext: " in result.err
    assert words in result.err


def test_common_options_stand_before_and_after_the_command() -> None:
    for argv in (["-q", "alerts", "list"], ["alerts", "list", "-q"]):
        result = call(*argv)
        assert (result.code, result.err) == (0, "")
    assert "no alerts" in call("alerts", "list", terminal=True).err


def test_a_reader_that_leaves_early_is_no_error(tmp_path) -> None:
    program = (
        "import sys\nsys.argv[0] = 'kulla'\nimport cli.main, cli.session\n"
        "from tests.cli.fakes import FakeStore, an_alert\n"
        "cli.session._open_store = None\n"
        "store = FakeStore(kept_alerts=[an_alert('x' * 1000, number=n) for n in range(2000)])\n"
        "cli.session.Session.open_store = lambda self: store\n"
        "cli.main.main(['alerts', 'list'])\n"
    )
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_no_fault_and_no_file_takes_their_number(closed: str, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(access_log(3))
    words = 'exec "$0" -c "import cli.main; cli.main.main()" collect access.log' + f" {closed}"
    environ = {**os.environ, "KULLA_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["sh", "-c", words, sys.executable], capture_output=True, cwd=tmp_path, env=environ, check=False
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    with EmbeddedStore(tmp_path / "home" / "store", lambda: NOW) as store:
        assert store.status().events == 3
    texts = (b"in 3 = stored 3", b'"stored": 3')
    kept = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert kept
    assert not any(text in path.read_bytes() for path in kept for text in texts)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_work_goes_on_where_nothing_can_be_told_and_ends_where_data_cannot_be_written(number: int) -> None:
    store = FakeStore(kept_alerts=[an_alert("sp01")])
    session = replace(Session.of_process(), opener=lambda *_: cast("Store", store))
    out, err = io.StringIO(), io.StringIO()
    assert run(group(), ["alerts", "list"], replace(session, stdout=out, stderr=Refusing(number))) == 0
    assert json.loads(out.getvalue())["host.name"] == "sp01"
    assert run(group(), ["alerts", "list"], replace(session, stdout=Refusing(number), stderr=err)) == 3
    assert f"stdout: cannot write it ({os.strerror(number)})" in err.getvalue()
    assert "\nnext: " in err.getvalue()


class Refusing(io.StringIO):
    """A stream that takes nothing: its disk is full, its terminal gone."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def write(self, _: str) -> int:
        raise OSError(self._number, os.strerror(self._number))


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_what_ends_a_run_ends_it_in_order_unless_it_is_ignored(name: str, tmp_path: Path) -> None:
    for ignored in (False, True):
        set_to = "SIG_IGN" if ignored else "SIG_DFL"  # whatever the tests themselves were started with, as nohup does
        prelude = (
            f"import signal\nsignal.signal(signal.{name}, signal.{set_to})\nimport os, cli.session\n"
            "def say(self, *lines):\n"
            f"    os.kill(os.getpid(), signal.{name})\n"
            "cli.session.Session.hint = say\n"
        )
        process = child("playbooks", "list", home=tmp_path, prelude=prelude)
        _, err = process.communicate(timeout=60)
        assert process.returncode == (0 if ignored else 130), err
        assert ("interrupted" in err) is not ignored
