"""A fuzzer over every parser: no crash, no hang, and records in = events + dead letters for whatever bytes come.

Usage: `python tests/bench/fuzz.py [--seconds N] [--only SOURCE] [--seed N] [--samples FOLDER] [--atheris]`. By default
real and made-up lines are cut, spliced, repeated and strewn with what parsers stumble over, from a seed. `--atheris`
takes coverage-guided inputs instead, where Google's atheris is installed, all sources in one run of so many seconds.
`--samples` is a folder with `NAME/dev/raw.log` and an `INDEX.tsv` that tells each NAME's source (the conformance
cases). A failure is an exception, an exception that the decoder caught and told, a field that is no value, a record
that is not accounted for, or more than two CPU seconds for an input.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from collectors.registry import find, sources
from collectors.source import Source
from tests.collectors.test_sources_contract import LINES, check

_SLOW = 2.0  # CPU seconds for one input of at most some 100 kB
_MARKS = b"\"'\\{}[]()<>=:;,|%&$\r\t \x00\xff"
_WORDS = (
    '0 -1 1e999 NaN 99999999999999999999 0x7fffffffffffffff 1601-01-01 9999-12-31 Feb_30 null true {} [] "" - ::1 '
    "999.1.1.1 fe80::1%eth0 CEF:0| <Event </Event> %ASA-6-302013: msg=audit( type= #Fields: ${jndi:x} \u202e \ufeff "
    "<13>sshd: Nov_20_10:00:00_h_sshd[1]:_ Nov_20_10:00:00_h_named[1]:_ Nov_20_10:00:00_h_postgres[1]:_[2-1]_ "
    "2026-11-20T10:00:00Z_h_dovecot:_ <30>kernel:_audit:_type="
)
_TOKENS = (
    *(bytes([mark]) for mark in _MARKS),
    *(word.replace("_", " ").encode() for word in _WORDS.split(" ")),
    *(b"\x1b[2J", b"\xc3\x28", b"\xed\xa0\x80", b"a" * 300, b'"' * 64, b"[" * 64, b"\\" * 65),
)


class Breeder:
    """Makes inputs from samples of one source's lines."""

    def __init__(self, samples: Sequence[bytes], rng: random.Random) -> None:
        self._samples, self._rng = samples, rng

    def bred(self) -> bytes:
        """Return an input: some lines, most of them damaged."""
        rng = self._rng
        lines = [self._damaged(rng.choice(self._samples)) for _ in range(rng.choice((1, 1, 2, 3, 8, 40)))]
        return rng.choice((b"\n", b"\n", b"\r\n", b"\r", b"\x00\n", b"")).join(lines)

    def _damaged(self, line: bytes) -> bytes:
        rng = self._rng
        data = bytearray(line)
        for _ in range(rng.choice((0, 1, 1, 2, 3, 6, 12))):
            at, until = sorted((rng.randint(0, len(data)), rng.randint(0, len(data))))
            kind = rng.randrange(7)
            if kind == 0:
                data[at:at] = rng.choice(_TOKENS)
            elif kind == 1:
                data[at : at + rng.randint(1, 8)] = rng.choice(_TOKENS)
            elif kind == 2:
                del data[at:until]
            elif kind == 3:
                data[at:at] = data[at:until] * rng.choice((1, 1, 2, 50))
            elif kind == 4 and data:
                data[at % len(data)] = rng.randrange(256)
            elif kind == 5:
                other = rng.choice(self._samples)
                data[at:] = other[rng.randint(0, len(other)) :]
            else:
                data = data.replace(bytes(data[at : at + 1]) or b" ", rng.choice(_TOKENS), 3)
            del data[100_000:]
        return bytes(data)


def main() -> int:
    """Fuzz, and print a line for each source; 1 where one broke or was slow."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=15, help="CPU seconds for each source")
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=2022)
    parser.add_argument("--samples", type=Path)
    parser.add_argument("--atheris", action="store_true")
    words = parser.parse_args()
    chosen = [source for source in sources() if words.only in {"", source.name}]
    seeds = _samples(words.samples)
    if words.atheris:
        return _guided(words.only, seeds, words.seconds)
    inputs, bad = 0, 0
    for source in chosen:
        breeder = Breeder(seeds.get(source.name, ()) or LINES, random.Random(f"{source.name}-{words.seed}"))
        count, failures = _fuzzed(source, breeder, words.seconds)
        inputs, bad = inputs + count, bad + len(failures)
        print(f"{source.name}: {count:,} inputs, {len(failures)} failures", flush=True)
        for failure in failures[:3]:
            print(f"  {failure}", flush=True)
    print(f"{len(chosen)} sources, {inputs:,} inputs, {bad} failures")
    return 1 if bad else 0


def _fuzzed(source: Source, breeder: Breeder, seconds: float) -> tuple[int, list[str]]:
    until = time.process_time() + seconds
    count, failures = 0, []
    while time.process_time() < until and len(failures) < 20:
        data = breeder.bred()
        count += 1
        begun = time.process_time()
        try:
            check(source, data)
        except Exception as error:  # noqa: BLE001 - whatever a parser lets out is what is looked for
            failures.append(f"{type(error).__name__}: {error} on {data[:2000]!r}")
        if (took := time.process_time() - begun) > _SLOW:
            failures.append(f"{took:.1f} CPU s for {len(data):,} bytes: {data[:2000]!r}")
    return count, failures


def _samples(folder: Path | None) -> dict[str, list[bytes]]:
    """Return the lines of each source, by its name: the contract's, and those of the folder."""
    found: dict[str, list[bytes]] = {}
    if folder is None:
        return found
    with (folder / "INDEX.tsv").open(newline="") as index:
        for row in csv.DictReader(index, delimiter="\t"):
            try:
                name = find(row["canonical"]).name
            except Exception:  # noqa: BLE001, S112 - a source that kulla does not have
                continue
            paths = [folder / row["source"] / "dev" / "raw.log", *(folder / row["source"] / "dev").glob("multi/*.log")]
            for path in paths:
                if path.exists():
                    data = path.read_bytes()
                    found.setdefault(name, list(LINES)).extend(data.split(b"\n") if path.name == "raw.log" else [data])
    return {name: [line for line in lines if line] for name, lines in found.items()}


def _guided(only: str, seeds: dict[str, list[bytes]], seconds: float) -> int:
    """Let atheris breed the inputs: the first byte tells the source. It ends the process itself."""
    import atheris  # type: ignore[import-not-found] # a tool that is installed for this alone

    for name in [name for name in sys.modules if name.startswith(("collectors", "tests.collectors"))]:
        del sys.modules[name]
    with atheris.instrument_imports(include=["collectors"]):
        contract = importlib.import_module("tests.collectors.test_sources_contract")
        chosen = [source for source in contract.sources() if only in {"", source.name}]

    def one(data: bytes) -> None:
        if len(data) > 1:
            contract.check(chosen[data[0] % len(chosen)], data[1:])

    with tempfile.TemporaryDirectory() as corpus:
        for number, source in enumerate(chosen[:256]):
            for place, line in enumerate(seeds.get(source.name, list(LINES))[:24]):
                (Path(corpus) / f"{number}-{place}").write_bytes(bytes([number]) + line)
        words = [f"-max_total_time={int(seconds)}", "-timeout=10", "-max_len=4096", "-rss_limit_mb=4096", corpus]
        atheris.Setup([sys.argv[0], *words], one)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
