"""What is optional is missing: said in one line, with what to install; and nobody else loads it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.runs import kulla


@pytest.mark.parametrize(
    ("module", "address", "extra"),
    [("botocore", "s3://logs/", "s3"), ("confluent_kafka", "kafka://127.0.0.1/logs", "kafka")],
)
def test_a_missing_library_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str, address: str, extra: str
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)  # type: ignore[arg-type] # so that it cannot be imported
    result = kulla("collect", address, home=tmp_path / "home")
    assert result.code == 3
    assert f"pip install 'kulla[{extra}]'" in result.err


def test_collecting_files_loads_no_library_of_pulling(tmp_path: Path) -> None:
    program = (
        "import sys, cli.main\nsys.argv[0] = 'kulla'\n"
        f"try:\n    cli.main.main(['collect', 'nothing', '--home', {str(tmp_path)!r}])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'botocore', 'confluent_kafka'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", [("s3://",), ("kafka://a",), ("xroad+https://a/b",), ("s3://a/b", "/var/log")])
def test_what_is_no_address_is_refused_as_wrong_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = kulla("collect", *words, home=tmp_path / "home")
    assert result.code == 2
    assert "next: kulla collect" in result.err
