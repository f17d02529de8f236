"""Schedules, gaps, messages and health on the command line."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.runs.leases import LEASE, Holder, Lease
from engine.store.embedded import EmbeddedStore
from tests.cli.runs import NOW, access_log, kulla, rule, rules_folder
from tests.playbooks.notify.receivers import web

OTHER = "5c6b2a53-6f1d-4f5e-9d0b-6f6b8d1c0a02"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    rules_folder(tmp_path)
    (tmp_path / "kulla.toml").write_text(
        '[schedules.web]\ncron = "*/5 * * * *"\nrules = ["rules"]\nzone = "Europe/Tirane"\n', encoding="utf-8"
    )
    return tmp_path / "home"


def _collect(home: Path, name: str, data: bytes) -> None:
    (home.parent / name).write_bytes(data)
    assert kulla("collect", name, home=home).code == 0


def _more(home: Path, text: str) -> None:
    with (home.parent / "kulla.toml").open("a", encoding="utf-8") as file:
        file.write(text)


def test_a_schedule_runs_when_it_is_due_and_once(home: Path) -> None:
    _collect(home, "a.log", access_log(2, path="/evil"))
    first = kulla("detect", "--scheduled", "-f", "jsonl", home=home)
    assert first.code == 0, first.err
    assert len(first.out.splitlines()) == 2
    assert "web: 2 events looked at, 2 alerts (2 new)" in first.err
    again = kulla("detect", "--scheduled", "-f", "jsonl", home=home)
    assert again.out == ""
    assert "looked at" not in again.err
    _collect(home, "b.log", access_log(1, start=30, path="/evil"))
    named = kulla("detect", "--schedule", "web", "-f", "jsonl", home=home)
    assert len(named.out.splitlines()) == 1
    wrong = kulla("detect", "--schedule", "wbe", home=home)
    assert (wrong.code, "there are web" in wrong.err) == (3, True)


def test_two_instances_do_not_overlap(home: Path) -> None:
    _collect(home, "a.log", access_log(2, path="/evil"))
    with EmbeddedStore(home / "store", lambda: NOW) as store:
        other = Holder(host="another", boot="b", process=7, started="1")
        assert Lease(store, "detection", other, now=lambda: NOW).take() is None
        run = kulla("detect", "--scheduled", "-f", "jsonl", home=home)
        assert run.code == 0
        assert "another instance is running (process 7 on another)" in run.err
        assert run.out == ""
        assert store.record(LEASE, "detection") is not None


def test_a_rule_that_is_added_looks_back(home: Path) -> None:
    _collect(home, "a.log", access_log(2, path="/evil") + access_log(3, start=50, path="/odd"))
    assert kulla("detect", "--scheduled", home=home).code == 0
    nothing = kulla("rules", "backfill", home=home)
    assert "no rule was added or changed" in nothing.err
    second = rule("Odd asked for", value="odd").replace("5c6b2a53-6f1d-4f5e-9d0b-6f6b8d1c0a01", OTHER)
    (home.parent / "rules" / "more.yml").write_text(second, encoding="utf-8")
    done = kulla("rules", "backfill", "--since", "2026-03-10", home=home)
    assert done.code == 0, done.err
    assert "3 alerts (3 new)" in done.err
    assert "no rule was added" in kulla("rules", "backfill", home=home).err
    assert "2 alerts (0 new)" in kulla("rules", "backfill", "Evil asked for", home=home).err


def test_gaps_are_listed_and_filled(home: Path) -> None:
    _collect(home, "a.log", access_log(2, path="/evil"))
    (segment,) = (home / "store").glob("events/**/*.parquet")
    content = segment.read_bytes()
    segment.write_bytes(content[:50])
    run = kulla("detect", "--scheduled", home=home)
    assert "1 gaps are open" in run.err
    (gap,) = (json.loads(line) for line in kulla("store", "gaps", "-f", "jsonl", home=home).out.splitlines())
    assert (gap["state"], gap["kind"], gap["first"], gap["last"]) == ("open", "unreadable", 1, 2)
    segment.write_bytes(content)
    filled = kulla("store", "backfill", "--rules", "rules", home=home)
    assert filled.code == 0, filled.err
    assert "web: 1 gaps filled, 2 alerts" in filled.err
    assert kulla("store", "gaps", "-f", "jsonl", home=home).out == ""
    assert len(kulla("store", "gaps", "--all", "-f", "jsonl", home=home).out.splitlines()) == 1


def test_alerts_are_told_after_the_run_and_once(home: Path) -> None:
    _collect(home, "a.log", access_log(2, path="/evil"))
    with web() as server:
        _more(
            home,
            f'[notify]\nallow = ["127.0.0.1/32"]\nhealth = ["hook"]\n[notify.channels.hook]\nkind = "webhook"\n'
            f'url = "{server.url}"\nplain = true\n[[notify.routes]]\nchannels = ["hook"]\nabout = ["alerts"]\n',
        )
        run = kulla("detect", "--scheduled", home=home)
        assert "2 messages sent" in run.err, run.err
        kulla("notify", "send", home=home)
        kulla("detect", "--schedule", "web", "--since", "1d", home=home)
        assert len(server.posted) == 2
        assert kulla("notify", "test", "hook", home=home).code == 0
        assert len(server.posted) == 3
        rows = [json.loads(line) for line in kulla("notify", "list", "-f", "jsonl", home=home).out.splitlines()]
        assert [row["state"] for row in rows] == ["sent", "sent"]
        assert {post.headers["idempotency-key"] for post in server.posted} >= {row["key"] for row in rows}
        assert kulla("notify", "channels", "-f", "jsonl", home=home).code == 0
        well = kulla("health", "-f", "jsonl", home=home)
        assert (well.code, well.out) == (0, ""), well.err
        with EmbeddedStore(home / "store", lambda: NOW) as store:
            from dataclasses import replace

            run_record = store.records("run")[0]
            old = run_record.body.replace("2026-03-11T12", "2026-03-11T09")
            store.save_records([replace(run_record, body=old)])
        ill = kulla("health", "--notify", "-f", "jsonl", home=home)
        assert ill.code == 1, ill.err
        assert "no run has ended well since 2026-03-11T09" in json.loads(ill.out)["what"]
        assert json.loads(server.posted[-1].body)["about"] == "health"
        count = len(server.posted)
        assert kulla("health", "--notify", home=home).code == 1
        assert len(server.posted) == count  # once in an hour


def test_a_store_that_can_only_be_read_is_read_and_health_tells(home: Path) -> None:
    _collect(home, "a.log", access_log(2, path="/evil"))
    assert kulla("detect", "--scheduled", home=home).code == 0
    (home / "store" / "store.sqlite-shm").mkdir()  # nobody can share memory, as on a full disk
    listed = kulla("alerts", "list", "-f", "jsonl", home=home)
    assert (listed.code, len(listed.out.splitlines())) == (0, 2), listed.err
    ill = kulla("health", "-f", "jsonl", home=home)
    told = json.loads(ill.out.splitlines()[0])
    assert (ill.code, told["weight"]) == (1, "critical")
    assert "the store can only be read" in told["what"]
    assert kulla("detect", home=home).code == 3


def test_health_and_status_tell_damage_in_both_languages(home: Path) -> None:
    _collect(home, "a.log", access_log(2, path="/evil"))
    assert kulla("detect", "--scheduled", home=home).code == 0
    sound = kulla("store", "status", "--lang", "sq", "-f", "table", home=home)
    assert sound.code == 0, sound.err
    assert "pa dëmtime" in sound.out
    assert "gjithçka në rregull" in kulla("health", "--lang", "sq", "-f", "table", home=home).err
    path = home / "store" / "store.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'dead_letters'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * 64)
    ill = kulla("health", "--lang", "sq", "-f", "jsonl", home=home)
    told = json.loads(ill.out.splitlines()[0])
    assert (ill.code, told["weight"], told["kind"]) == (1, "critical", "damaged")
    assert told["what"].startswith("jo gjithçka e ruajtur mund të lexohet")
    table = kulla("health", "--lang", "sq", "-f", "table", home=home)
    assert "kritik" in table.out


def test_a_destination_that_is_not_listed_is_given_up_and_told(home: Path) -> None:
    _collect(home, "a.log", access_log(1, path="/evil"))
    with web() as server:
        _more(
            home,
            f'[notify.channels.hook]\nkind = "webhook"\nurl = "{server.url}"\nplain = true\n'
            '[[notify.routes]]\nchannels = ["hook"]\nabout = ["alerts"]\n',
        )
        run = kulla("detect", "--scheduled", home=home)
        assert "not on the list of destinations" in run.err
        assert not server.posted
        assert "1 dead" in kulla("notify", "list", home=home).err


def test_log_lines_can_be_ecs_documents(home: Path) -> None:
    _more(home, 'zone = "UTC"\n')
    text = (home.parent / "kulla.toml").read_text(encoding="utf-8").replace('zone = "UTC"\n', "")
    (home.parent / "kulla.toml").write_text('log = "ecs"\n' + text, encoding="utf-8")
    _collect(home, "a.log", access_log(1))
    lines = [json.loads(line) for line in kulla("detect", "--scheduled", home=home).err.splitlines()]
    assert all({"@timestamp", "message", "ecs.version", "log.level"} <= set(line) for line in lines)
    assert any("1 events looked at" in line["message"] for line in lines)


def test_figures_for_prometheus(home: Path) -> None:
    import io

    from cli.commands.metrics import exposed
    from cli.session import Session

    _collect(home, "a.log", access_log(2, path="/evil"))
    kulla("detect", "--scheduled", home=home)
    streams = {"stdin": io.StringIO(), "stdout": io.StringIO(), "stderr": io.StringIO()}
    session = Session(environ={"KULLA_HOME": str(home)}, cwd=home.parent, now=lambda: NOW, **streams)
    status, text = exposed(session)
    assert status == 200
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert figures["kulla_events_stored"] == "2"
    assert figures['kulla_run_new_alerts{run="schedule/web"}'] == "2"
    assert figures['kulla_run_lag_events{run="schedule/web"}'] == "0"
    assert figures['kulla_source_silent_seconds{dataset="nginx.access"}'] == "0"


def test_the_alerts_of_every_schedule_stand_in_one_file(home: Path) -> None:
    schedules = '[schedules.{name}]\ncron = "*/5 * * * *"\nrules = ["{name}"]\n'
    settings = "".join(schedules.format(name=name) for name in ("rules", "more"))
    (home.parent / "kulla.toml").write_text(settings, encoding="utf-8")
    (home.parent / "more").mkdir()
    second = rule("Odd asked for", value="odd").replace("5c6b2a53-6f1d-4f5e-9d0b-6f6b8d1c0a01", OTHER)
    (home.parent / "more" / "odd.yml").write_text(second, encoding="utf-8")
    _collect(home, "a.log", access_log(2, path="/evil") + access_log(3, start=50, path="/odd"))
    assert kulla("detect", "--scheduled", "-f", "jsonl", "-o", "alerts.jsonl", home=home).code == 0
    told = [json.loads(line) for line in (home.parent / "alerts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sorted(item["rule.name"] for item in told) == ["Evil asked for"] * 2 + ["Odd asked for"] * 3
