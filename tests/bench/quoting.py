"""100,000 hostile names through quoting: `python -m tests.bench.quoting [COUNT]`.

Each name is given to a real bash as one argument and must come back unchanged; PowerShell's strings are read by the
tests' model of its tokenizer. Printed is how many were tried, how many may not be quoted at all (NUL, half surrogates),
how many fit the types of a host, a user and a file, and the escapes found.
"""

from __future__ import annotations

import subprocess
import sys

from playbooks.quoting import QuotingError, quote_bash, quote_powershell
from playbooks.values import ValueType, fits
from tests.playbooks.test_quoting import BASH, hostile_names, read_powershell

_CHUNK = 400
_KINDS: tuple[ValueType, ...] = ("host", "user", "unix-path", "windows-path")


def by_bash(names: list[str]) -> int:
    """Return how many names bash gives back otherwise than they were."""
    script = "printf '%s\\0' " + " ".join(map(quote_bash, names))
    done = subprocess.run([BASH, "-c", script], capture_output=True, check=True, timeout=60)
    back = done.stdout.decode().split("\0")[:-1]
    return sum(a != b for a, b in zip(back, names, strict=True)) + bool(done.stderr)


def by_powershell(name: str) -> bool:
    """Tell whether PowerShell's string is one, and the name; a name that is refused never becomes one."""
    try:
        return read_powershell(quote_powershell(name)) == (name, "")
    except QuotingError:
        return True


def main(count: int) -> None:
    """Try all, print the line."""
    refused, kept = 0, []
    for name in hostile_names(count):
        try:
            quote_bash(name)
            kept.append(name)
        except QuotingError:
            refused += 1
    escaped = sum(by_bash(kept[start : start + _CHUNK]) for start in range(0, len(kept), _CHUNK))
    escaped += sum(not by_powershell(name) for name in kept)
    fitting = {kind: sum(fits(kind, name) for name in kept) for kind in _KINDS}
    print(f"{count:,} names: {refused:,} refused, {len(kept):,} quoted for bash and PowerShell, {escaped:,} escaped")
    print("that fit a type at all: " + ", ".join(f"{kind} {number:,}" for kind, number in fitting.items()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
