"""The exercise writes the same bytes for the same seed, files that parse, and a truth that points at its records."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from engine.errors import InputError, UsageError
from playbooks.exercises.homeland_justice import write_logs
from playbooks.exercises.truth import GROUND_TRUTH, INJECTS, LOGS, Truth, TruthRecord, read_truth

START = datetime(2026, 3, 10, tzinfo=UTC)
EVENTS = 4_000
FULL = 100_000


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("exercise")
    return folder, write_logs(folder, seed=11, start=START, events=EVENTS)


@pytest.fixture(scope="module")
def lines(written: tuple[Path, Truth]) -> dict[str, list[str]]:
    folder, truth = written
    paths = {count.file: folder / LOGS / count.file for count in truth.files}
    return {file: path.read_text(encoding="utf-8").splitlines() for file, path in paths.items()}


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in files}


def at_line(lines: dict[str, list[str]], record: TruthRecord) -> str:
    return lines[record.file][record.line - 1]


def of_event(truth: Truth, number: int) -> list[TruthRecord]:
    return [record for record in truth.records if record.number == number]


def moment(file: str, line: str) -> datetime | None:
    """Read a line's instant as its program writes it; None for a header."""
    if file.startswith("windows/"):
        document = json.loads(line)
        if "@timestamp" in document:
            return datetime.fromisoformat(document["@timestamp"])
        return datetime.fromisoformat(document["EventTime"]).replace(tzinfo=UTC)
    if file.startswith("iis/"):
        return None if line.startswith("#") else datetime.fromisoformat(line[:19]).replace(tzinfo=UTC)
    if file.startswith("proxy/"):
        return datetime.fromtimestamp(float(line.split(" ", 1)[0]), UTC)
    if file.startswith("nginx/"):
        found = re.search(r"\[([^\]]+)\]", line)
        assert found
        return datetime.strptime(found[1], "%d/%b/%Y:%H:%M:%S %z")
    return datetime.strptime(f"2026 {line[:15]}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_logs(tmp_path / name, seed=3, start=START, events=1_500)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


def test_another_seed_writes_another_day(tmp_path: Path) -> None:
    one = write_logs(tmp_path / "a", seed=3, start=START, events=1_000)
    two = write_logs(tmp_path / "b", seed=4, start=START, events=1_000)
    first, second = digests(tmp_path / "a"), digests(tmp_path / "b")
    assert first.keys() == second.keys()
    assert all(first[name] != second[name] for name in first if name != INJECTS)
    assert {record.number for record in one.records} == {record.number for record in two.records}


def test_the_full_day_has_a_hundred_thousand_benign_events(tmp_path: Path) -> None:
    truth = write_logs(tmp_path, seed=7, start=START, events=FULL)
    assert truth.benign >= FULL
    share = dict.fromkeys(("iis", "windows", "vpn", "proxy", "nginx", "linux"), 0)
    for count in truth.files:
        share[count.file.split("/")[0]] += count.benign
    assert share["windows"] > 0.25 * FULL
    assert share["iis"] > 0.2 * FULL
    assert all(number > 500 for number in share.values())
    assert max(share.values()) < 0.5 * FULL


def test_smaller_days_keep_their_promise(written: tuple[Path, Truth]) -> None:
    assert written[1].benign >= EVENTS


def test_every_line_of_every_file_reads_and_stands_in_order_of_time(lines: dict[str, list[str]]) -> None:
    for file, content in lines.items():
        moments = [found for line in content if (found := moment(file, line)) is not None]
        assert moments, file
        assert all(before <= after for before, after in pairwise(moments)), file


def test_files_were_last_written_when_their_last_record_was(
    written: tuple[Path, Truth], lines: dict[str, list[str]]
) -> None:
    folder, _ = written
    for file, content in lines.items():
        last = moment(file, content[-1])
        assert last is not None
        modified = datetime.fromtimestamp((folder / LOGS / file).stat().st_mtime, UTC)
        assert abs(modified - last) < timedelta(seconds=1), file


def test_the_counts_add_up(written: tuple[Path, Truth], lines: dict[str, list[str]]) -> None:
    _, truth = written
    attack = Counter(record.file for record in truth.records)
    for count in truth.files:
        assert count.benign + count.attack + count.headers == len(lines[count.file])
        assert count.attack == attack[count.file]
        assert count.headers == sum(line.startswith("#") for line in lines[count.file])


def test_the_truth_points_at_records_of_that_instant_and_host(
    written: tuple[Path, Truth], lines: dict[str, list[str]]
) -> None:
    for record in written[1].records:
        line = at_line(lines, record)
        found = moment(record.file, line)
        assert found is not None
        assert timedelta() <= record.timestamp - found < timedelta(seconds=1)
        if record.file.startswith("windows/"):
            assert f"{record.host}.ministria.gov.example" in line


def test_every_event_but_the_inject_leaves_records(written: tuple[Path, Truth]) -> None:
    folder, truth = written
    assert [event.number for event in truth.events] == list(range(1, 29))
    assert {record.number for record in truth.records} == set(range(1, 29)) - {27}
    assert all(record.techniques for record in truth.records)
    inject = json.loads((folder / INJECTS).read_text(encoding="utf-8"))
    assert inject["n"] == 27


def test_the_attack_follows_the_storyboard(written: tuple[Path, Truth]) -> None:
    begins = {number: min(r.timestamp for r in of_event(written[1], number)) for number in (1, 5, 9, 16, 26, 28)}
    assert list(begins.values()) == sorted(begins.values())
    assert timedelta(minutes=90) < begins[16] - begins[1] < timedelta(minutes=100)
    assert begins[28].date() == begins[1].date() + timedelta(days=1)


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (1, "/_layouts/15/Picker.aspx PickerDialogType="),
        (3, "LAYOUTS\\\\error4.aspx"),
        (4, "POST /_layouts/15/ClientBin.aspx"),
        (7, "New-MailboxSearch"),
        (8, "ApplicationImpersonation"),
        (9, "POST /EWS/Exchange.asmx"),
        (11, "advanced_port_scanner.exe"),
        (12, "sekurlsa::logonpasswords"),
        (13, "ADMIN$\\\\__"),
        (18, "Mellona.exe"),
        (20, "taskkill /f /im"),
        (21, "vssadmin delete shadows"),
        (22, ".lck"),
        (25, "rwdsk.sys"),
        (26, "wevtutil cl"),
    ],
)
def test_each_event_leaves_what_its_deed_leaves(
    written: tuple[Path, Truth], lines: dict[str, list[str]], number: int, word: str
) -> None:
    _, truth = written
    own = [at_line(lines, record) for record in of_event(truth, number)]
    assert any(word in line for line in own)
    theirs = {(record.file, record.line) for record in truth.records}
    names_the_attack = {".lck", "Mellona.exe", "rwdsk.sys", "sekurlsa::logonpasswords"}
    if word in names_the_attack:
        benign = (
            line
            for file, content in lines.items()
            for index, line in enumerate(content, 1)
            if (file, index) not in theirs
        )
        assert not any(word in line for line in benign)


def test_the_mail_theft_has_the_volume_of_the_reports(written: tuple[Path, Truth], lines: dict[str, list[str]]) -> None:
    requests = [at_line(lines, record).split(" ") for record in of_event(written[1], 9)]
    assert len(requests) > 2_000
    assert 70_000_000 < sum(int(fields[-2]) for fields in requests) < 160_000_000
    assert 3_000_000_000 < sum(int(fields[-3]) for fields in requests) < 20_000_000_000


def test_remote_sessions_fan_out(written: tuple[Path, Truth], lines: dict[str, list[str]]) -> None:
    reached = defaultdict(set)
    for number in (14, 24):
        for record in of_event(written[1], number):
            document = json.loads(at_line(lines, record))
            code = str(document.get("EventID") or document["winlog"]["event_id"])
            data = document if "EventID" in document else document["winlog"].get("event_data", {})
            if code == "4624" and data["LogonType"] == "10":
                reached[number].add(record.host)
    assert len(reached[14]) >= 8
    assert len(reached[24]) >= 15


def test_the_second_wave_shares_no_name_with_the_first(
    written: tuple[Path, Truth], lines: dict[str, list[str]]
) -> None:
    text = "\n".join(at_line(lines, record) for record in of_event(written[1], 28))
    assert "RawDisk3" not in text
    assert "GoXml" not in text
    assert "Mellona" not in text
    assert "disable_defender" not in text


def windows_documents(lines: dict[str, list[str]]) -> Iterator[tuple[str, dict[str, object]]]:
    for file, content in lines.items():
        if file.startswith("windows/"):
            for line in content:
                yield file, json.loads(line)


def test_record_numbers_count_up_in_every_channel(lines: dict[str, list[str]]) -> None:
    last: dict[tuple[str, str], int] = {}
    for _, document in windows_documents(lines):
        if "winlog" in document:
            winlog = document["winlog"]
            key, number = (winlog["computer_name"], winlog["channel"]), winlog["record_id"]
        else:
            key, number = (document["Hostname"], document["Channel"]), document["RecordNumber"]
        assert number == last.get(key, number - 1) + 1
        last[key] = number


def test_both_forms_of_windows_events_are_there(lines: dict[str, list[str]]) -> None:
    flat = {file for file, document in windows_documents(lines) if "EventID" in document}
    nested = {file for file, document in windows_documents(lines) if "winlog" in document}
    assert "windows/APP34.ndjson" in flat
    assert "windows/APP03.ndjson" in nested
    assert not flat & nested


def test_the_benign_day_holds_look_alikes(written: tuple[Path, Truth], lines: dict[str, list[str]]) -> None:
    theirs = {(record.file, record.line) for record in written[1].records}
    benign = "\n".join(
        line for file, content in lines.items() for index, line in enumerate(content, 1) if (file, index) not in theirs
    )
    for word in (
        "vssadmin list shadows",
        "taskkill /f /im",
        "PeoplePickerDialog",
        "Get-Recipient",
        "PSEXESVC",
        "-EncodedCommand",
        "vulnscan",
        "Add-MpPreference -ExclusionPath",
        "csc.exe",
        '"4625"',
        "vssadmin delete shadows /for=D: /oldest",
        "svc_archive",
        "wevtutil cl",
    ):
        assert word in benign, word


def test_iis_writes_its_header_again_after_a_restart(lines: dict[str, list[str]]) -> None:
    content = lines["iis/SP01/W3SVC1/u_ex260310.log"]
    heads = [index for index, line in enumerate(content) if line.startswith("#Software")]
    assert heads[0] == 0
    assert len(heads) == 2
    columns = len(content[3].split(" ")) - 1
    assert all(len(line.split(" ")) == columns for line in content if not line.startswith("#"))


def test_the_truth_on_disk_is_the_truth_returned(written: tuple[Path, Truth]) -> None:
    folder, truth = written
    assert read_truth(folder) == truth
    assert all(path.is_file() for path in truth.log_paths(folder))
    assert sorted(path.name for path in folder.iterdir()) == sorted((GROUND_TRUTH, INJECTS, LOGS))
    assert sorted(truth.log_paths(folder)) == sorted(path for path in (folder / LOGS).rglob("*") if path.is_file())


def test_a_damaged_truth_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_truth(tmp_path)
    (tmp_path / GROUND_TRUTH).write_text('{"type": "exercise"}\n', encoding="utf-8")
    with pytest.raises(InputError):
        read_truth(tmp_path)


def test_wrong_arguments_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write_logs(tmp_path, seed=1, start=START.replace(tzinfo=None))
    with pytest.raises(UsageError):
        write_logs(tmp_path, seed=1, start=START, events=10)
