"""kulla starts fast: help and completion import none of the heavy packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import cli.commands
from cli.main import COMMANDS

HEAVY = frozenset(
    {"pyarrow", "duckdb", "sigma", "sklearn", "elasticsearch", "numpy", "rich", "evtx", "zstandard", "re2"}
    | {"ahocorasick_rs", "yaml", "orjson", "platformdirs", "sqlite3", "engine.sigma", "engine.store.embedded"}
)


def _modules(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return set(result.stderr.splitlines())


@pytest.mark.parametrize(
    "code",
    [
        "import cli.main",
        "import cli.main\ntry:\n    cli.main.main(['-h'])\nexcept SystemExit as end:\n    assert not end.code",
        "import cli.main\ntry:\n    cli.main.main(['alerts', '-h'])\nexcept SystemExit:\n    pass",
    ],
    ids=["import", "help", "help of a command"],
)
def test_no_heavy_package_is_imported(code: str) -> None:
    loaded = _modules(code)
    assert "cli.main" in loaded
    assert loaded.isdisjoint(HEAVY), loaded & HEAVY


def test_completion_imports_no_command() -> None:
    code = (
        "import os\nos.environ.update(_KULLA_COMPLETE='complete_bash', COMP_WORDS='kulla ', COMP_CWORD='1')\n"
        "import cli.main\ntry:\n    cli.main.main([])\nexcept SystemExit:\n    pass"
    )
    loaded = _modules(code)
    assert loaded.isdisjoint(HEAVY)
    assert not [name for name in loaded if name.startswith("cli.commands.")]


def test_the_table_and_the_modules_agree() -> None:
    folder = Path(cli.commands.__path__[0])
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert {entry.module for entry in COMMANDS} <= modules
    assert len({entry.name for entry in COMMANDS}) == len(COMMANDS)
    for entry in COMMANDS:
        assert len(entry.summary) <= 60
        assert entry.summary.endswith(".")


def test_a_source_that_is_named_is_the_only_one_loaded() -> None:
    loaded = _modules("from collectors.registry import find\nassert find('nginx').name == 'nginx'")
    assert {name for name in loaded if name.startswith("collectors.sources.")} == {"collectors.sources.nginx"}
