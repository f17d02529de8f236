from __future__ import annotations

import json

import pyarrow as pa

from engine.anomaly.frame import Content, total
from engine.anomaly.models.file_changes import MODEL, FileChangesFitted
from tests.engine.anomaly.collected import fitted_to_life, observed


def sysmon(code: int, second: float, path: str, program: str, host: str = "FS01.gov.example") -> str:
    moment = f"2026-03-04T09:00:{second:06.3f}Z"
    return json.dumps({
        "@timestamp": moment, "EventID": code, "Channel": "Microsoft-Windows-Sysmon/Operational", "Hostname": host,
        "SourceName": "Microsoft-Windows-Sysmon", "UtcTime": moment.replace("T", " ").rstrip("Z"),
        "Image": program, "TargetFilename": path, "User": "GOV\\a.hoxha",
    })  # fmt: skip


def audited(second: int, path: str, mask: str) -> str:
    return json.dumps({
        "@timestamp": f"2026-03-04T09:00:{second:02d}.000Z", "EventID": 4663, "Channel": "Security",
        "Hostname": "FS01", "SourceName": "Microsoft-Windows-Security-Auditing", "ObjectType": "File",
        "ObjectName": path, "AccessMask": mask, "ProcessName": "C:\\x\\evil.exe", "SubjectUserName": "a.hoxha",
    })  # fmt: skip


def burst(*, ending: str, program: str, count: int = 60) -> list[str]:
    made = [sysmon(11, n * 0.1, f"D:\\acts\\{n}.docx.{ending}", program) for n in range(count)]
    return made + [sysmon(23, n * 0.1 + 0.05, f"D:\\acts\\{n}.docx", program) for n in range(count)]


def test_sysmon_events_of_one_host_and_ten_seconds_are_one_burst() -> None:
    (row,) = observed(MODEL, "windows", *burst(ending="lkd", program="C:\\Users\\Public\\w.exe"))
    assert row["kulla.entity"] == "FS01.gov.example"
    assert row["changes"] == 120
    assert row["deleted"] == 0.5
    assert set(row["endings"]) == {"lkd", "docx"}
    assert row["programs"] == ["w.exe"]
    assert len(row["kulla.events"]) == 20


def test_audited_access_of_a_file_server_counts() -> None:
    records = [audited(n // 5, f"D:\\acts\\{n}.xlsx", "0x10000" if n % 2 else "0x2") for n in range(40)]
    (row,) = observed(MODEL, "windows", *records)
    assert row["changes"] == 40
    assert row["deleted"] == 0.5
    assert row["endings"] == ["xlsx"]


def test_reading_files_and_a_few_changes_are_no_burst() -> None:
    assert not observed(MODEL, "windows", *[audited(n % 9, f"D:\\{n}.xlsx", "0x1") for n in range(60)])
    assert not observed(MODEL, "windows", *burst(ending="tmp", program="C:\\w.exe", count=5))


def test_a_wiper_is_told_from_an_update_and_says_why() -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    wiper = MODEL.attacks(normal, seed=1)
    scores = fitted.score(wiper).values
    assert scores.min() > fitted.score(normal).values.max()
    terms = fitted.explain(wiper, 0)
    assert {"program that never did this", "ending never seen", "files changed in ten seconds"} <= {
        t.name for t in terms
    }
    assert abs(total(terms) - scores[0]) < 1e-9


def _term(fitted: FileChangesFitted, row: dict[str, object], **changes: object) -> float:
    table = pa.Table.from_pylist([row | changes])
    return sum(term.bits for term in fitted.explain(table, 0) if term.name == "documents, data or backups deleted")


def test_documents_that_go_in_masses_are_told_from_a_clean_up() -> None:
    files = ["1.docx", "2.XLSX", "3.tmp", "4.log", "5.vhdx"] * 12
    (row,) = observed(
        MODEL,
        "windows",
        *[sysmon(23, n * 0.1, f"D:\\a\\{n}{name}", "C:\\robocopy.exe") for n, name in enumerate(files)],
    )
    assert (row["removed"], row["documents"]) == (60, 36)
    fitted = fitted_to_life(MODEL)
    assert _term(fitted, row, removed=100, documents=100) > 10.0
    assert _term(fitted, row, removed=100, documents=int(100 * fitted.usual) - 1) == 0.0
    assert _term(fitted, row, removed=0, documents=0) == 0.0
    bits = [_term(fitted, row, removed=100, documents=count) for count in range(0, 101, 5)]
    assert bits == sorted(bits)


def test_a_model_from_before_documents_were_counted_judges_without_them() -> None:
    content = fitted_to_life(MODEL).content()
    older = {name: value for name, value in content.document.items() if name not in {"usual", "documents"}}
    restored = MODEL.restore(Content(document=older))
    rows = MODEL.observe(MODEL.sample(seed=2, count=400))
    assert {term.name for term in restored.explain(rows, 0)}
    assert "documents, data or backups deleted" not in {
        term.name for row in range(min(rows.num_rows, 40)) for term in restored.explain(rows, row)
    }
