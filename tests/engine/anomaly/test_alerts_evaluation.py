"""Incidents day by day over labelled alerts: what counts as found, and what cannot be seen at all."""

from __future__ import annotations

import gzip
from pathlib import Path

from engine.anomaly.evaluation.alerts_data import read
from engine.anomaly.evaluation.alerts_eval import evaluate_alerts, reading

_HEAD = "time,name,ip,host,short,time_label,event_label"
_DAY = 86_400


def _organisation(folder: Path, name: str) -> None:
    """Write three days of two ordinary rules on three hosts; on the last a scan, a break-in and a quiet phase."""
    rows = []
    for minute in range(0, 3 * 1440, 7):
        host = f"h{minute % 3}"
        rows.append((minute * 60, ("usual one", "usual two")[minute % 2], host, "false_positive"))
    begin = 2 * _DAY + 40_000
    rows += [(begin + 2 * number, f"scan {number % 3}", "h1", "scan") for number in range(60)]
    rows += [(begin + 300 + number, f"break-in {number % 4}", "h1", "break_in") for number in range(12)]
    rows += [(begin + 9000, "usual one", "h2", "quiet_phase")]
    lines = [f"{moment},{rule},10.0.0.1,{host},x,{label},-" for moment, rule, host, label in sorted(rows)]
    with gzip.open(folder / f"{name}_alerts.csv.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join([_HEAD, *lines, ""]))


def test_phases_with_a_specific_alert_are_found_and_others_are_not_asked_for(tmp_path: Path) -> None:
    _organisation(tmp_path, "unheard")
    found = reading(read(tmp_path, "unheard"))
    assert found.visible == {"scan", "break_in"}
    assert found.found == found.visible
    assert found.phases == 3
    assert found.days == 2
    assert 1 <= found.right <= found.read <= 4


def test_organisations_that_were_not_developed_on_are_told_as_unseen(tmp_path: Path) -> None:
    for name in ("fox", "unheard"):
        _organisation(tmp_path, name)
    rows = evaluate_alerts(tmp_path, 1, generic=False)
    assert {row.part for row in rows} == {"development", "unseen"}
    phases = [row.kulla for row in rows if row.metric.en.startswith("phases found")]
    assert phases == ["2 of 2", "2 of 2"]
