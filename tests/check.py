"""Run every check there is, the tests last: formatting, lint, types, import contracts, YAML, tests in parallel.

Usage: `python tests/check.py [ARGUMENTS FOR PYTEST]`. The exit code is 0 where everything holds. All checks are run,
whatever the first ones say, so that one run tells everything that has to be mended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("format", ("ruff", "format", "--check", "--quiet", ".")),
    ("lint", ("ruff", "check", "--quiet", ".")),
    ("types", ("mypy", "--no-error-summary")),
    ("import contracts", ("lint-imports", "--no-logo")),
    ("YAML", ("yamllint", "--strict", "detections", "playbooks")),
)


def run(name: str, words: tuple[str, ...]) -> bool:
    """Run one check; show what it says only where it fails."""
    begun = time.monotonic()
    done = subprocess.run([str(BIN / words[0]), *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    passed = done.returncode == 0
    print(f"{name}: {'ok' if passed else 'FAILED'} ({time.monotonic() - begun:.1f} s)", flush=True)
    if not passed:
        print(done.stdout, done.stderr, sep="\n", flush=True)
    return passed


def main() -> int:
    """Run all checks and then the tests."""
    passed = [run(name, words) for name, words in CHECKS]
    workers = str(max(2, os.cpu_count() or 2))
    tests = [str(BIN / "pytest"), "-n", workers, "--dist", "worksteal", "-q", *sys.argv[1:]]
    code = subprocess.run(tests, cwd=ROOT, check=False).returncode
    failed = [name for (name, _), good in zip(CHECKS, passed, strict=True) if not good]
    if failed:
        print(f"these checks failed: {', '.join(failed)}", file=sys.stderr)
    return code or bool(failed)


if __name__ == "__main__":
    sys.exit(main())
