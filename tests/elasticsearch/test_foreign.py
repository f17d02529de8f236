"""Documents as winlogbeat writes them, nested and under its own mapping, are detected on as they are."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import yaml

from engine.store.elastic.cluster import NDJSON
from tests.cli.runs import NOW
from tests.elasticsearch.calls import kulla

RULE = {
    "title": "Encoded PowerShell",
    "id": "11111111-2222-4333-8444-555555555555",
    "level": "high",
    "logsource": {"product": "windows", "category": "process_creation"},
    "detection": {
        "selection": {"Image|endswith": "\\powershell.exe", "CommandLine|contains": " -enc "},
        "condition": "selection",
    },
}


def _document(number: int, command: str) -> dict[str, object]:
    stamp = (NOW - timedelta(minutes=10) + timedelta(seconds=number)).isoformat()
    return {
        "@timestamp": stamp,
        "event": {"code": "1", "provider": "Microsoft-Windows-Sysmon", "kind": "event", "module": "sysmon"},
        "host": {"name": "ws001"},
        "message": f"Process Create: {command}",
        "winlog": {
            "channel": "Microsoft-Windows-Sysmon/Operational",
            "provider_name": "Microsoft-Windows-Sysmon",
            "event_id": "1",
            "event_data": {"Image": "C:\\Windows\\powershell.exe", "CommandLine": command},
        },
    }


def test_documents_of_winlogbeat(store, node_url: str, tmp_path: Path) -> None:
    prefix = store.names.prefix
    index = f"{prefix}-winlogbeat-9.0"
    commands = ["powershell.exe -ENC aaaa", "powershell.exe -File x", "powershell.exe -enc bbbb"]
    lines = b"".join(
        b'{"create":{}}\n' + json.dumps(_document(number, command)).encode() + b"\n"
        for number, command in enumerate(commands)
    )
    store.cluster.ask("POST", f"/{index}/_bulk", lines, media=NDJSON, refresh=True)
    (tmp_path / "rule.yml").write_text(yaml.safe_dump(RULE))
    words = ("detect", "--rules", str(tmp_path / "rule.yml"), "--index", f"{prefix}-winlogbeat-*", "-f", "jsonl")
    found = [kulla(*words, home=tmp_path / "home", store=node_url, prefix=prefix) for _ in range(2)]
    assert [each.code for each in found] == [0, 0], found[0].err
    alerts = [json.loads(line) for line in found[0].out.splitlines()]
    assert sorted(alert["event.original"] for alert in alerts) == [
        "Process Create: powershell.exe -ENC aaaa",
        "Process Create: powershell.exe -enc bbbb",
    ]
    assert all(alert["source"].startswith(index) for alert in alerts)
    assert len(store.alerts()) == 2, "the second run told nothing twice"
    nothing = kulla("detect", "--index", "no-such-*", home=tmp_path / "home", store=node_url, prefix=prefix)
    assert nothing.code in {0, 3}
