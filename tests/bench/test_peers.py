"""The bench's own logic: pairs compared rightly, peers told the truth, costs counted, a missing peer said."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from engine.sigma.logsources import Kind
from tests.bench.peers import corpus, fields, naive, rsigma, table
from tests.bench.peers.measure import Cost, FailedRunError, Row, run
from tests.bench.peers.pairs import compare, differing

SYSMON = "Microsoft-Windows-Sysmon/Operational"


def event(number: int, **more: object) -> bytes:
    head = {"EventID": number, "Channel": SYSMON, "SourceName": "Microsoft-Windows-Sysmon", "Hostname": "WS1"}
    return json.dumps({**head, "EventTime": "2026-01-01 10:00:00", **more}).encode() + b"\n"


def test_pairs_are_compared_and_judged() -> None:
    ours = {("a", 1), ("a", 2), ("b", 3)}
    theirs = {("a", 1), ("c", 4), ("c", 5), ("d", 6)}
    found = compare(
        "peer",
        ours,
        theirs,
        titles={"c": "Third"},
        sample=10,
        judge_kulla=lambda pair: (pair == ("b", 3), "held"),
        judge_peer=lambda pair: (False, "outside" if pair[0] == "c" else "not met"),
    )
    assert (found.agree, found.only_kulla.count, found.only_peer.count) == (1, 2, 3)
    assert found.only_peer.top == (("Third", 2), ("d", 1))
    assert found.only_peer.reasons == {"outside": 2, "not met": 1}
    assert (found.only_kulla.sampled, found.only_kulla.right) == (2, 1)
    assert "only kulla 2; only peer 3" in table.comparison_text(found)


def test_samples_are_the_same_every_time() -> None:
    many = {("r", number) for number in range(1000)}
    first, none = differing(many, set(), sample=20)
    assert first == differing(set(many), set(), sample=20)[0]
    assert len(first) == 20
    assert none == []


def test_events_for_peers_get_the_names_of_rules(tmp_path: Path) -> None:
    log, told = tmp_path / "log.jsonl", tmp_path / "told.jsonl"
    security = {
        "Channel": "Security",
        "NewProcessName": "C:\\a.exe",
        "SourceName": "Microsoft-Windows-Security-Auditing",
    }
    log.write_bytes(event(1, Image="C:\\x.exe") + event(4688, **security) + event(13, TargetObject="HKLM\\x"))
    fields.write_events(log, told, fields.Names({"Image", "Provider_Name", "EventID"}))
    one, two, three = map(json.loads, told.read_bytes().splitlines())
    assert one["Provider_Name"] == "Microsoft-Windows-Sysmon"
    assert one["Image"] == "C:\\x.exe"
    assert (one[fields.SERVICE], one[fields.CATEGORY]) == ("sysmon", "process_creation")
    assert two["Image"] == "C:\\a.exe"
    assert (two[fields.SERVICE], two[fields.CATEGORY]) == ("security", "process_creation")
    assert three["EventID"] == 13
    assert fields.CATEGORY not in three, "a registry value set belongs to two categories: naming one would hide rules"


def test_kinds_without_a_log_source_say_so() -> None:
    assert fields.sources_of(Kind("windows", "", "")) == {fields.SERVICE: "none", fields.CATEGORY: "none"}


def test_numbered_events_keep_their_fields(tmp_path: Path) -> None:
    log, target = tmp_path / "log.jsonl", tmp_path / "numbered.jsonl"
    log.write_bytes(event(1) + event(2))
    fields.number_events(log, target, "line")
    assert [json.loads(line) for line in target.read_bytes().splitlines()] == [
        {"line": number, **json.loads(event(number))} for number in (1, 2)
    ]


def test_the_pipeline_names_channels_and_ids(tmp_path: Path) -> None:
    from sigma.collection import SigmaCollection
    from sigma.processing.pipeline import ProcessingPipeline

    fields.write_pipeline(tmp_path / "pipeline.yml")
    pipeline = ProcessingPipeline.from_yaml((tmp_path / "pipeline.yml").read_text("utf-8"))
    text = "title: x\nlogsource: {product: windows, category: image_load}\ndetection: {s: {A: b}, condition: s}\n"
    rule = SigmaCollection.from_yaml(text).rules[0]
    pipeline.apply(rule)
    said = str(rule.detection.detections)  # type: ignore[union-attr]
    assert SYSMON.lower() in said
    assert "EventID" in said


def test_lines_are_taken_and_cut(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"".join(event(number) for number in range(10)))
    assert corpus.every(log, tmp_path / "held", 5) == 2
    assert corpus.every(log, tmp_path / "rest", 5, kept=range(1, 5)) == 8
    both = sorted((tmp_path / "held").read_bytes().splitlines() + (tmp_path / "rest").read_bytes().splitlines())
    assert both == sorted(log.read_bytes().splitlines())
    whole = corpus.Corpus(log=log, events=10, rules=tmp_path, half_rules=tmp_path, files={}, work=tmp_path)
    parts = corpus.pieces(whole, 3)
    assert b"".join(part.read_bytes() for part in parts) == log.read_bytes()


RULE = """
title: made
id: 00000000-0000-0000-0000-000000000001
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\\\\Tool.EXE'
    CommandLine|contains|all: [' -k ', 'nets*vc']
  number: {EventID: 1}
  filter: {ParentImage|startswith: 'C:\\\\Good'}
  other: {User: null}
  condition: selection and number and other and not filter
"""


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"Image": "C:\\tool.exe.bak"}, False),
        ({"CommandLine": "x -k netsvc"}, True),
        ({"CommandLine": "x -k nets"}, False),
        ({"ParentImage": "c:\\good\\a.exe"}, False),
        ({"User": "anna"}, False),
    ],
)
@pytest.mark.parametrize("of_text", [naive.as_text, naive.as_regex])
def test_the_naive_evaluator_reads_rules(
    tmp_path: Path, more: dict[str, str], expected: bool, of_text: naive.OfText
) -> None:
    (tmp_path / "rule.yml").write_text(RULE, "utf-8")
    (rule,) = naive.load(tmp_path, of_text)
    named = {"Image": "C:\\TOOL.exe", "CommandLine": "x -K NETS-X-VC", **more}
    seen = naive.Seen(
        {"winlog.channel": SYSMON, "event.code": "1"} | {f"winlog.event_data.{k}": v for k, v in named.items()}
    )
    assert rule.matches(seen) is expected


def test_costs_count_children(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    cost, _ = run([sys.executable, "-c", parent])
    assert 0.2 <= cost.cpu < 5
    assert 2 < cost.mib < 200


def test_a_failed_run_says_its_last_words() -> None:
    with pytest.raises(FailedRunError, match="ended with 3: out of luck"):
        run([sys.executable, "-c", "import sys; sys.stderr.write('first\\nout of luck\\n'); sys.exit(3)"])


def test_a_missing_peer_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FailedRunError, match="cargo is not installed"):
        rsigma.installed(tmp_path, build=True)
    said = table.rows_table([Row(key="rsigma", what="rsigma", note="not measured: cargo is not installed")])
    assert "not run" in said
    assert "cargo is not installed" in said


def test_answers_become_pairs(tmp_path: Path) -> None:
    out = tmp_path / "out.ndjson"
    out.write_text(json.dumps({"rule_id": "r", "event": {rsigma.NUMBER: 7}}) + "\n\n", "utf-8")
    assert rsigma.found(out) == {("r", 7)}
    out.write_text(json.dumps({"rule_id": "r"}) + "\n", "utf-8")
    with pytest.raises(FailedRunError, match="without its event"):
        rsigma.found(out)


def test_tables_and_json_hold_what_was_measured() -> None:
    row = Row(key="k", what="kulla | hunt", events=1000, cost=Cost(cpu=2.0, wall=3.0, mib=64.0, load=0.5), matches=7)
    said = table.rows_table([row])
    assert "| kulla \\| hunt |" in said
    assert "| 500 |" in said
    whole = json.loads(table.as_json({"date": "d"}, [row], {"x": None}, []))
    assert whole["rows"][0]["events_per_cpu_second"] == 500
    assert whole["ratios"] == {"x": None}
