"""`kulla hunt` at night: bad input, many files, dying workers, and an output that others can rely on."""

from __future__ import annotations

import gzip
import json
import os
import signal
import time
from pathlib import Path

import pytest

from cli import edge, hunters
from cli.reading import Reading
from engine.sigma.loader import load_rules
from engine.sigma.rules import RuleSet
from tests.cli.hostile import HOSTILE, acting
from tests.cli.runs import access_log, child, kulla, rule, rules_folder

HOW = Reading(source="auto", zone="UTC", host=None)
BURST = (
    "title: Three at once\nid: 9d7a6c35-1111-4f5e-9d0b-6f6b8d1c0a02\nstatus: test\nlevel: critical\ncorrelation:\n"
    "  type: event_count\n  rules:\n    - 5c6b2a53-6f1d-4f5e-9d0b-6f6b8d1c0a01\n  group-by:\n    - source.ip\n"
    "  timespan: 10m\n  generate: true\n  condition:\n    gte: 3\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def rules(tmp_path: Path) -> str:
    return str(rules_folder(tmp_path))


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.log").write_bytes(access_log(30) + access_log(1, start=30, path="/evil") + access_log(9, start=31))
    (folder / "b.log.gz").write_bytes(gzip.compress(access_log(20, start=100) + access_log(2, start=120, path="/evil")))
    return folder


def alerts(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_each_alert_says_what_where_and_why(home: Path, rules: str, logs: Path) -> None:
    result = kulla("hunt", str(logs), "--rules", rules, "-f", "jsonl", home=home)
    assert result.code == 0, result.err
    first, *others = alerts(result.out)
    assert len(others) == 2
    keys = {"id", "@timestamp", "rule.id", "rule.name", "rule.level", "rule.tags", "event.id", "event.original"}
    assert keys | {"source", "why", "source.ip", "url.original"} <= first.keys()
    path, _, number = str(first["source"]).rpartition(":")
    assert Path(path).read_text(encoding="utf-8").splitlines()[int(number) - 1] == first["event.original"]
    assert first["@timestamp"] == "2026-03-10T00:00:30.000Z"
    why = first["why"]
    assert isinstance(why, list)
    assert why[0].keys() == {"field", "predicate", "value"}


def test_jsonl_is_what_a_pipe_gets_and_stdout_has_nothing_but_data(home: Path, rules: str, logs: Path) -> None:
    result = kulla("hunt", str(logs), "--rules", rules, home=home)
    assert len(alerts(result.out)) == 3
    assert "62 events, 3 alerts: 3 high" in result.err
    assert kulla("hunt", str(logs), "--rules", rules, "-q", home=home).err == ""


def test_the_summary_speaks_the_readers_language(home: Path, rules: str, logs: Path) -> None:
    told = kulla("hunt", str(logs), "--rules", rules, "-f", "table", "--lang", "sq", home=home)
    assert "Skedarë të lexuar       2\n" in told.out
    assert "Rregullat më të shpeshta: niveli i lartë" in told.out
    assert "Events" not in told.out
    assert (
        "62 ngjarje, 3 alarme: i lartë 3" in kulla("hunt", str(logs), "--rules", rules, "--lang", "sq", home=home).err
    )


@pytest.mark.parametrize("fmt", ["table", "json", "jsonl", "csv", "md", "html"])
def test_hostile_values_and_names_act_in_no_format(fmt: str, home: Path, rules: str, tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    for number, text in enumerate(HOSTILE):
        raw = text.encode("utf-8", "surrogatepass").replace(b"\n", b"%0a").replace(b"\r", b"").replace(b'"', b"")
        line = access_log(1, start=number, path="/evil").replace(b"GET /evil", b"GET /evil" + raw)
        (folder / f"{number}.log").write_bytes(access_log(3) + line.replace(b"curl/8.5", raw))
    name = b"=na\nme\x1b[31m\xff<b>[red].log"
    Path(os.fsdecode(bytes(folder) + b"/" + name)).write_bytes(access_log(3) + access_log(1, path="/evil"))
    for terminal in (False, True):
        result = kulla("hunt", str(folder), "--rules", rules, "-f", fmt, home=home, terminal=terminal)
        assert result.code in (0, 4), result.err
        assert acting(result.out.replace("\r\n", "\n")) == []
        assert acting(result.err) == [] or terminal  # a terminal gets a progress bar
        assert "<b>" not in result.out if fmt == "html" else True
        assert "<script" not in result.out or fmt not in {"html", "md"}
        if fmt == "csv":
            assert "\n=na" not in result.out
            assert ",=na" not in result.out


def test_the_summary_fits_the_screen(home: Path, rules: str, logs: Path) -> None:
    result = kulla("hunt", str(logs), "--rules", rules, home=home, terminal=True)
    assert max(map(len, result.out.splitlines())) <= 80
    for words in (
        "Files read",
        "Events that rules matched  3",
        "high",
        "Top rules: high",
        "3 x Evil asked for",
        "1 loaded",
    ):
        assert words in result.out
    assert "None" not in result.out


def test_one_and_two_processes_print_the_same_bytes(rules: str, logs: Path) -> None:
    for number in range(6):
        (logs / f"c{number}.log").write_bytes(access_log(9, path=f"/{number}") + access_log(2, path=f"/evil{number}"))
    files = sorted(logs.iterdir())
    loaded = load_rules([Path(rules)])
    one, two = (
        [(found.path, [alert.id for alert in found.alerts], found.events) for found in _hunt(files, loaded, workers)]
        for workers in (1, 2)
    )
    assert one == two
    assert [path for path, _, _ in one] == files


def _hunt(files: list[Path], loaded: RuleSet, workers: int) -> list[hunters.Hunted]:
    return list(hunters.hunt(files, loaded, HOW, workers=workers, worth=0))


def test_a_worker_that_dies_costs_its_file_alone(rules: str, logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        (logs / f"c{number}.log").write_bytes(access_log(5) + access_log(1, path=f"/evil{number}"))
    (logs / "c2.log").rename(logs / "c2-poison.log")
    real = hunters.hunt_file

    def dies(path: Path, *args: object, **kwargs: object) -> hunters.Hunted:
        if "poison" in path.name:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(hunters, "hunt_file", dies)
    files = sorted(logs.iterdir())
    found = _hunt(files, load_rules([Path(rules)]), 2)
    assert [item.path for item in found] == files
    assert [item.path.name for item in found if item.problem] == ["c2-poison.log"]
    assert [item.events for item in found if not item.problem] == [40, 22, 6, 6, 6, 6]


def test_correlations_reach_over_files_and_a_copy_changes_nothing(home: Path, tmp_path: Path, logs: Path) -> None:
    folder = str(rules_folder(tmp_path, (rule(), BURST)))
    base = alerts(kulla("hunt", str(logs), "--rules", folder, home=home).out)
    assert [item["rule.level"] for item in base].count("critical") == 1
    burst = next(item for item in base if item["rule.level"] == "critical")
    assert isinstance(burst["source"], list)
    assert len({place.rpartition(":")[0] for place in burst["source"]}) == 2
    (logs / "z-copy.log").write_bytes((logs / "a.log").read_bytes())
    (logs / "z-link.log").symlink_to("a.log")
    assert alerts(kulla("hunt", str(logs), "--rules", folder, home=home).out) == base


def test_level_window_and_alarm(home: Path, rules: str, logs: Path) -> None:
    def hunt(*words: str) -> tuple[int, int]:
        result = kulla("hunt", str(logs), "--rules", rules, "-f", "jsonl", *words, home=home)
        return result.code, len(alerts(result.out))

    assert hunt("--level", "critical") == (0, 0)
    assert hunt("--level", "critical", "--fail-on", "high") == (1, 0)
    assert hunt("--fail-on", "critical") == (0, 3)
    assert hunt("--fail-on", "medium") == (1, 3)
    assert hunt("--since", "2026-03-10T00:01:00Z") == (0, 2)
    assert hunt("--until", "2026-03-10T00:01:00Z", "--fail-on", "low") == (1, 1)
    assert hunt("--since", "2027-01-01", "--fail-on", "low") == (0, 0)


def test_broken_rules_are_listed_and_stop_nothing(home: Path, tmp_path: Path, logs: Path) -> None:
    waiting = rule("Waits").replace("contains: 'evil'", "contains|expand: '%sites%'").replace("0a01", "0a03")
    folder = rules_folder(tmp_path, (rule(), "title: no detection\n", "{{{ : no yaml", waiting))
    result = kulla("hunt", str(logs), "--rules", str(folder), "-f", "json", home=home)
    document = json.loads(result.out)
    assert result.code == 4
    assert len(document["alerts"]) == 3
    assert [Path(item["where"].split(":")[0]).name for item in document["issues"]] == ["rule1.yml", "rule2.yml"]
    assert "3 rules not loaded (1 of them have placeholders without a value)" in result.err
    for name in ("rule1.yml", "rule2.yml"):
        (folder / name).unlink()
    assert kulla("hunt", str(logs), "--rules", str(folder), home=home).code == 0


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["logs", "--rules", "nowhere"], 3, "no such rules"),
        (["logs", "--rules", "bare"], 3, "no rule files"),
        (["logs", "--source", "ngnix"], 2, "no log source is called ngnix"),
        (["logs", "--zone", "Europe/Tiranë"], 2, "no IANA time zone"),
        (["logs", "--zone", "../../etc/passwd"], 2, "no IANA time zone"),
        (["logs", "-f", "xml"], 2, "one of: table"),
        (["logs", "-o", "missing/out.json"], 3, "there is no such folder"),
        (["logs", "--rulez", "x"], 2, "did you mean --rules"),
        (["missing"], 4, "no such file or folder"),
        (["bare"], 4, "no log files in there"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.usefixtures("logs")
def test_wrong_words_say_what_and_what_next(argv: list[str], code: int, words: str, home: Path, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    result = kulla("hunt", *argv, home=home)
    assert result.code == code, result.err
    assert words in result.err
    assert "\nnext: " in result.err
    assert "Traceback" not in result.err
    assert result.out == ""


def test_a_missing_path_among_others_is_listed_and_the_others_are_hunted(home: Path, rules: str, logs: Path) -> None:
    result = kulla("hunt", "missing", str(logs), "--rules", rules, home=home)
    assert result.code == 4
    assert len(alerts(result.out)) == 3
    assert "issue" in result.err
    assert "missing: no such file or folder" in result.err


def test_rules_come_from_a_file_a_zip_and_a_pack(home: Path, rules: str, logs: Path, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as packed:
        packed.writestr("rules/web/a.yml", rule())
    (home / "rules").mkdir(parents=True)
    (home / "rules" / "mine").symlink_to(rules)
    for word in (f"{rules}/rule0.yml", str(tmp_path / "pack.zip"), "mine"):
        assert len(alerts(kulla("hunt", str(logs), "--rules", word, home=home).out)) == 3, word


def _big(logs: Path) -> None:
    for number in range(12):
        (logs / f"big{number:02}.log").write_bytes(access_log(12000, path=f"/evil{number}"))


def _children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(word) for word in found.split()]


def test_one_processor_is_enough(home: Path, rules: str, logs: Path) -> None:
    _big(logs)
    process = child("hunt", str(logs), "--rules", rules, home=home, prelude="import os; os.sched_setaffinity(0, {0})")
    assert process.stdout is not None
    process.stdout.readline()
    assert _children_of(process.pid) == []
    process.kill()  # what it finds is tested elsewhere
    process.stdout.read()
    process.wait(60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_hunt_says_so_and_leaves_no_process(
    number: signal.Signals, home: Path, rules: str, logs: Path
) -> None:
    _big(logs)
    # a shell that starts the tests in the background has them ignore SIGINT, and their children with them
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    prelude = f"import os; os.sched_getaffinity = lambda pid: {{0, 1}}\n{heard}"
    process = child("hunt", str(logs), "--rules", rules, home=home, prelude=prelude)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    workers = _children_of(process.pid)
    assert len(workers) == 2
    process.send_signal(number)
    process.stdout.read()
    errors = process.stderr.read()
    code = process.wait(timeout=60)
    assert code == (130 if number != signal.SIGKILL else -signal.SIGKILL), errors
    assert "Traceback" not in errors
    assert ("interrupted" in errors) == (number != signal.SIGKILL)
    for _ in range(500):
        if not any(Path(f"/proc/{pid}").exists() and "Z" not in _state(pid) for pid in workers):
            break
        time.sleep(0.01)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists() and "Z" not in _state(pid)]


def test_an_error_while_tidying_up_after_an_interrupt_is_an_interrupt() -> None:
    error = OSError(9, "Bad file descriptor")
    assert not edge._tidying(error)
    error.__context__ = KeyboardInterrupt()
    assert edge._tidying(error)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_a_reader_that_leaves_early_ends_the_hunt_quietly(home: Path, rules: str, logs: Path) -> None:
    _big(logs)
    prelude = "import os; os.cpu_count = lambda: 2"
    process = child("hunt", str(logs), "--rules", rules, "-q", home=home, prelude=prelude)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert errors == ""
