"""The parts of the bench, one after the other; a part that cannot be run says so in its row and stops nothing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import geometric_mean

from engine.sigma import modifiers
from tests.bench.peers import corpus, fields, hunting, rsigma, sql
from tests.bench.peers.judging import Bench as Court
from tests.bench.peers.measure import Cost, FailedRunError, Row, run_module
from tests.bench.peers.pairs import Comparison, Pair, compare, differing

PARTS = ("warm", "growth", "cores", "naive", "sql", "rsigma", "pairs")
_SQL_STEP = 20  # every 20th rule is asked without an index
_NAIVE = {  # what it is like, every nth event, CPU seconds at most
    "partitioned": ("log sources partitioned", 40, 20.0),
    "regexes": ("log sources partitioned, texts as regular expressions", 40, 20.0),
    "all": ("every rule on every event", 400, 20.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where things are, and how much is judged."""

    shared: Path
    tools: Path
    build: bool
    sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A peer's answers. `taken`: the rules it could take (None: all); `raw`: it read the log as it is."""

    name: str
    pairs: set[Pair]
    raw: bool = False
    taken: frozenset[str] | None = None
    lines: frozenset[int] | None = None  # the events it saw (None: all)


class Bench:
    """One run: `rows`, `comparisons` and `versions` grow with every part."""

    def __init__(self, options: Options, work: Path, *, limit: int | None = None) -> None:
        self.rows: list[Row] = []
        self.comparisons: list[Comparison] = []
        self.versions: dict[str, str] = {}
        self._options, self._work, self._home = options, work, work / "home"
        self._peers: list[Peer] = []
        self._say("unpacking events, gathering rules")
        self._corpus = corpus.prepare(options.shared, work, limit=limit)

    def all(self, parts: frozenset[str]) -> None:
        """Run the parts; `hunt` comes first and always, since every ratio needs it."""
        self._hunt()
        for name in ("warm", "growth", "cores", "naive"):
            if name in parts:
                with self._part(name, name):
                    getattr(self, f"_{name}")()
        if parts & {"sql", "rsigma"}:
            self._tell_peers()
        if "sql" in parts:
            with self._part("sql", "SQL per rule"):
                self._sql()
        if "rsigma" in parts:
            with self._part("rsigma", "rsigma"):
                self._rsigma()
        if "pairs" in parts and self._file("kulla.jsonl").exists():
            self._compare()

    @contextmanager
    def _part(self, key: str, what: str) -> Iterator[None]:
        self._say(what)
        try:
            yield
        except FailedRunError as error:
            self.rows.append(Row(key=key, what=what, note=f"not measured: {error}"))

    @staticmethod
    def _say(what: str) -> None:
        print(f"... {what} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)

    def _add(self, row: Row, **more: object) -> Row:
        rules = row.rules if row.rules is not None else len(self._corpus.files)
        self.rows.append(replace(row, rules=rules, **more))  # type: ignore[arg-type] # fields of Row by name
        return self.rows[-1]

    def _file(self, name: str) -> Path:
        return self._work / name

    def _hunt(self) -> None:
        out = self._file("kulla.jsonl")
        for key, what in (("cold", "kulla hunt, rules compiled anew"), ("cache", "kulla hunt, rules from cache")):
            with self._part(key, what):
                self._add(hunting.hunt(key, what, [self._corpus.log], self._corpus.rules, self._home, out=out))

    def _warm(self) -> None:
        rest, held, step = self._file("rest.jsonl"), self._file("held.jsonl"), corpus.LATENCY_STEP
        count = corpus.every(self._corpus.log, rest, step, kept=range(1, step))
        corpus.every(self._corpus.log, held, step)
        report = self._file("warm.json")
        whole = run_module("warm", self._corpus.rules, self._home, rest, held, report=report)
        got = json.loads(report.read_text("utf-8"))
        note = f"in process, without start ({got['load']:.2f} CPU s to load the rules)"
        words = (
            ("first", "kulla in process, the first time", got["first"], got["alerts"]),
            ("warm", "kulla in process, warm: bytes to alerts", got["warm"], got["alerts"]),
            ("match", "kulla in process, warm: matching alone", got["match"], got["matches"]),
            ("parse", "kulla in process, parsing alone", got["parse"], None),
        )
        for key, what, cpu, matches in words:
            cost = Cost(cpu=cpu, wall=0.0, mib=got["mib"], load=whole.load)
            self._add(Row(key=key, what=what, events=count, cost=cost, matches=matches, note=note))
        self._latency(got)

    def _latency(self, got: dict[str, dict[str, float]]) -> None:
        for key, what in (("new", "events not seen before"), ("seen", "the same events again")):
            found = got[f"latency_{key}"]
            note = "; ".join(
                f"{words}: CPU p50 {found[f'{name}_cpu_p50']:.0f}, p99 {found[f'{name}_cpu_p99']:.0f}, wall p50 "
                f"{found[f'{name}_wall_p50']:.0f}, p99 {found[f'{name}_wall_p99']:.0f} us"
                for name, words in (("match", "matching"), ("whole", "parsing and matching"))
            )
            row = Row(key=f"latency_{key}", what=f"kulla, single events after warm-up: {what}", note=note, more=found)
            self._add(replace(row, events=int(found["events"])))

    def _growth(self) -> None:
        half, out = self._file("half.jsonl"), self._file("growth.jsonl")
        corpus.every(self._corpus.log, half, 2)
        self._add(
            hunting.hunt("half_events", "kulla, half the events", [half], self._corpus.rules, self._home, out=out)
        )
        rules = sum(1 for _ in self._corpus.half_rules.rglob("*.yml"))
        for key, what in (("half_cold", "compiled anew"), ("half_cache", "from cache")):
            row = hunting.hunt(
                key, f"kulla, half the rules {what}", [self._corpus.log], self._corpus.half_rules, self._home, out=out
            )
            self._add(replace(row, rules=rules))

    def _cores(self) -> None:
        files = corpus.pieces(self._corpus)
        what = f"kulla hunt, the same events in {len(files)} files"
        row = hunting.hunt("cores", what, files, self._corpus.rules, self._home, out=self._file("cores.jsonl"))
        self._add(replace(row, note="from cache; as many processes as processors"))

    def _naive(self) -> None:
        for how, (what, step, seconds) in _NAIVE.items():
            report = self._file(f"naive-{how}.json")
            words = (str(step), how, str(seconds))
            cost = run_module("naive", self._corpus.rules, self._corpus.log, *words, report=report)
            got = json.loads(report.read_text("utf-8"))
            factor = self._corpus.events / max(1, got["events"])
            note = f"EXTRAPOLATED from {got['events']:,} events (every {step}th) in {got['cpu']:.1f} s: matching alone"
            cost = Cost(cpu=got["cpu"] * factor, wall=0.0, mib=cost.mib, load=cost.load)
            row = Row(key=f"naive_{how}", what=f"naive evaluator, {what}", events=self._corpus.events, cost=cost)
            self._add(replace(row, note=note, rules=got["rules"]))
            lines = frozenset(got["numbers"])
            pairs = {(rule, line) for rule, line in got["pairs"]}
            self._peers.append(Peer(name=f"naive ({what})", pairs=pairs, lines=lines))

    def _tell_peers(self) -> None:
        self._say("writing log sources and fields for the peers")
        modifiers.install()
        fields.write_pipeline(self._file("pipeline.yml"))
        names = fields.Names(fields.rule_fields(self._corpus.files.values()))
        fields.write_events(self._corpus.log, self._file("told.jsonl"), names)

    def _sql(self) -> None:
        python = sql.installed(self._options.tools, build=self._options.build)
        where = (self._corpus.rules, self._file("told.jsonl"), self._file("pipeline.yml"), self._file("sql.json"))
        got = sql.ask(python, *where, step=_SQL_STEP)
        self.versions |= got.versions
        for row in got.rows:
            self._add(row)
        self._peers.append(Peer(name="SQL per rule", pairs=got.pairs, taken=got.taken))
        self._say("kulla hunt once more")  # the machine's speed changes from one minute to the next
        what, out = "kulla hunt, rules from cache, after SQL", self._file("again.jsonl")
        self._add(hunting.hunt("cache_after", what, [self._corpus.log], self._corpus.rules, self._home, out=out))

    def _rsigma(self) -> None:
        program = rsigma.installed(self._options.tools, build=self._options.build)
        self.versions["rsigma"] = rsigma.version(program).removeprefix("rsigma ")
        for variant in rsigma.VARIANTS:
            self._say(variant.what)
            self._variant(program, variant)

    def _variant(self, program: Path, variant: rsigma.Variant) -> None:
        log, numbered = self._file("told.jsonl") if variant.told else self._corpus.log, self._file("numbered.jsonl")
        fields.number_events(log, numbered, rsigma.NUMBER)
        events, lines = self._corpus.events, None
        if variant.step > 1:
            sample, numbered_sample = self._file("sample.jsonl"), self._file("numbered_sample.jsonl")
            events = corpus.every(log, sample, variant.step)
            corpus.every(numbered, numbered_sample, variant.step)
            log, numbered = sample, numbered_sample
            lines = frozenset(range(1, self._corpus.events + 1, variant.step))
        options = [word.format(pipeline=self._file("pipeline.yml")) for word in variant.options]
        out = self._file("rsigma.ndjson")
        cost, matches = rsigma.evaluate(program, self._corpus.rules, log, out, options)
        self._add(Row(key=variant.key, what=variant.what, events=events, cost=cost, matches=matches, note=variant.note))
        if variant.compared:
            rsigma.evaluate(program, self._corpus.rules, numbered, out, [*options, "--include-event"])
            pairs = rsigma.found(out)
            self._peers.append(Peer(name=variant.what, pairs=pairs, raw=not variant.told, lines=lines))

    def _compare(self) -> None:
        self._say("comparing pairs")
        out, sample = self._file("kulla.jsonl"), self._options.sample
        ours, titles = hunting.found(out), hunting.titles(out)
        titles |= _titles(self._corpus.files, {rule for peer in self._peers for rule, _ in peer.pairs} - titles.keys())
        seen = {
            peer.name: {pair for pair in ours if peer.lines is None or pair[1] in peer.lines} for peer in self._peers
        }
        wanted = [
            pair for p in self._peers for side in differing(seen[p.name], p.pairs, sample=sample) for pair in side
        ]
        court = Court(self._corpus.log, self._corpus.files, wanted)
        for peer in self._peers:
            self.comparisons.append(
                compare(
                    peer.name,
                    seen[peer.name],
                    peer.pairs,
                    titles=titles,
                    sample=sample,
                    judge_kulla=lambda pair, p=peer: court.only_kulla(pair, p.taken, raw=p.raw),  # type: ignore[misc]
                    judge_peer=court.only_peer,
                    basis="" if peer.lines is None else f"{len(peer.lines):,} events",
                )
            )

    def ratios(self) -> dict[str, float | None]:
        """Return how many times faster (events per CPU second), or how many times as dear, as the words say.

        For SQL it is the geometric mean of what the runs of kulla before it and after it give.
        """
        rows = {row.key: row for row in self.rows}

        def faster(one: str, other: str) -> float | None:
            rates = [rows[key].rate if key in rows else None for key in (one, other)]
            return rates[0] / rates[1] if rates[0] and rates[1] else None

        def dearer(one: str, other: str, unit: str = "cpu") -> float | None:
            costs = [rows[key].cost if key in rows else None for key in (one, other)]
            values = [getattr(cost, unit) if cost is not None else 0.0 for cost in costs]
            return values[0] / values[1] if values[0] and values[1] else None

        found = {}
        for key in [row.key for row in self.rows if row.key.startswith("rsigma") and row.cost]:
            for ours in ("cold", "cache", "warm"):
                found[f"kulla {ours} : {rows[key].what}"] = faster(ours, key)
        for key, said in (
            ("sql", "queries alone"),
            ("sql_index", "queries alone"),
            ("sql_whole", "both from the file"),
            ("sql_all", "both from rules and file to answers"),
        ):
            what = rows[key].what if key in rows else "SQL per rule"
            either = [ratio for ours in ("cache", "cache_after") if (ratio := faster(ours, key))]
            found[f"kulla from cache : {what} ({said})"] = geometric_mean(either) if either else None
        found["kulla warm matching : SQL per rule, as the backend leaves it (queries alone)"] = faster("match", "sql")
        for key in (f"naive_{how}" for how in _NAIVE):
            found[f"kulla warm matching : {key.replace('_', ' ')} (matching alone)"] = faster("match", key)
            found[f"kulla warm, bytes to alerts : {key.replace('_', ' ')} (matching alone)"] = faster("warm", key)
        return found | {
            "CPU when events double (from cache)": dearer("cache", "half_events"),
            "CPU when rules double (compiled anew)": dearer("cold", "half_cold"),
            "CPU when rules double (from cache)": dearer("cache", "half_cache"),
            "wall, one file : as many files as fill both processors": dearer("cache", "cores", "wall"),
        }


def _titles(files: dict[str, Path], rules: Sequence[str] | set[str]) -> dict[str, str]:
    found = {}
    for rule in rules:
        lines = files[rule].read_text("utf-8").splitlines() if rule in files else []
        title = next((line for line in lines if line.startswith("title:")), "")
        found[rule] = title.removeprefix("title:").strip() or rule
    return found
