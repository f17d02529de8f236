"""Mass file change: a host on which files are made anew or deleted far faster, and otherwise, than updates do it.

Threat: ransomware and wipers, which have minutes. Data: Sysmon 11, 23 and 26 (`event.category` file), audited access
to files (Windows 4663), or an agent's file events: `host.name`, `event.type` creation, deletion or change,
`file.path`, and where the log has it `process.name`. An observation is one host in ten seconds in which it changed at
least `_LEAST` files; so an alert comes ten to twenty seconds after the start. Updates, builds and copies are fast too:
what tells them apart is what their programs usually do, the endings of their files, that they do not happen on several
hosts at once, and that clean-ups delete what programs made, not what people did (documents, databases, backups).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, cast

import numpy as np
import pyarrow as pa

from engine.anomaly.by_row import ByRow, Row, Tail, restored
from engine.anomaly.frame import Content, NotEnoughDataError, Term
from engine.anomaly.simulation.samples import ordinary
from engine.anomaly.tables import coded, empty_observations, times
from engine.anomaly.windows import Cells, Integers, cells, either, matching

_OWN = {
    "changes": pa.int64(),
    "deleted": pa.float64(),
    "endings": pa.list_(pa.string()),
    "programs": pa.list_(pa.string()),
    "hosts": pa.int64(),
    "gone": pa.int64(),
    "removed": pa.int64(),
    "documents": pa.int64(),
}
_LEAST = 20
_LEAST_ROWS = 30
_KINDS = ("creation", "deletion", "change", "overwrite", "rename")
_OBJECT, _MASK = "winlog.event_data.ObjectType", "winlog.event_data.AccessMask"
_WRITES, _DELETES = ("0x2", "0x4", "0x6"), ("0x10000", "0x10080")  # audited access to files (Windows 4663)
# What people keep and programs do not make anew: office files, data, mail, backups, disks of virtual machines.
_DOCUMENTS = frozenset((
    "doc", "docx", "docm", "dot", "dotx", "odt", "ott", "rtf", "pdf", "xls", "xlsx", "xlsm", "xlsb", "ods", "ppt",
    "pptx", "odp", "vsd", "vsdx", "pub", "one", "msg", "eml", "pst", "ost", "mbox",
    "csv", "txt", "xml", "asice", "sce", "bdoc", "p7m", "edoc", "dwg", "dxf", "shp", "kml", "jpg", "jpeg", "png",
    "tif", "tiff", "heic", "mp4", "mov",
    "db", "sqlite", "sqlite3", "mdb", "accdb", "mdf", "ndf", "ldf", "dbf", "fdb", "ibd", "frm", "myd", "dmp", "sql",
    "bak", "vbk", "vib", "vbm", "bkf", "tib", "vhd", "vhdx", "vmdk", "vdi", "qcow2", "ova", "zip", "7z", "rar", "tar",
    "gz",
))  # fmt: skip
_STRANGE = 6.0  # bits: a burst whose files have an ending that no burst had
_SHRUNK = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChangesFitted(ByRow):
    """How fast, and how destructive, bursts of each program were; the endings that were seen; bursts at once.

    `usual` is the share of documents among the files that ordinary bursts deleted, `documents` how far single bursts
    were beyond it (see `_beyond`); a model that was trained before there was such a tail has none.
    """

    rates: Tail
    deleting: Mapping[str, tuple[int, int]]
    endings: Mapping[str, int]
    together: Tail
    gone: Tail
    bursts: int
    usual: float
    documents: Tail | None
    judged_by: ClassVar[tuple[str, ...]] = tuple(_OWN)

    def terms(self, row: Row) -> Sequence[Term]:
        """Return the terms of one burst."""
        changes = int(row.number("changes"))
        programs = row.texts("programs")
        found = [
            Term(
                name="files changed in ten seconds",
                bits=self.rates.bits(changes),
                field="file.path",
                value=str(changes),
                expected=f"the most in {self.bursts} ordinary bursts was {self.rates.steps[-1]:.0f}",
            ),
            self._deleted(row.number("deleted"), programs),
            Term(
                name="files deleted within five minutes",
                bits=self.gone.bits(row.number("gone")) if row.number("deleted") >= 0.3 else 0.0,
                field="file.path",
                value=f"{row.number('gone'):.0f}",
                expected=f"at most {self.gone.steps[-1]:.0f} on one host",
            ),
            Term(
                name="bursts on several hosts at once",
                bits=self.together.bits(row.number("hosts")) if row.number("hosts") > 1 else 0.0,
                field="host.name",
                value=f"{row.number('hosts'):.0f} hosts",
                expected=f"at most {self.together.steps[-1]:.0f} hosts at once",
            ),
        ]
        found += self._documents(int(row.number("documents")), int(row.number("removed")))
        return [*found, *self._strange(row.texts("endings"), changes), *self._program(programs)]

    def _deleted(self, share: float, programs: Sequence[str]) -> Term:
        program = programs[0] if programs else ""
        destructive, seen = self.deleting.get(program, (0, 0))
        every, bursts = self.deleting.get("", (0, 0))
        above = (every + 0.5) / (bursts + 1.0)
        chance = (destructive + _SHRUNK * above) / (seen + _SHRUNK)
        return Term(
            name="files deleted",
            bits=-math.log2(chance) if share >= 0.3 else 0.0,
            field="event.type",
            value=f"{share:.0%} deleted",
            expected=f"{destructive} of {seen} bursts of {program or 'this program'} deleted that many",
            layer="peer group" if seen else "organisation",
        )

    def _documents(self, documents: int, removed: int) -> list[Term]:
        beyond = _beyond(documents, removed, self.usual)
        if self.documents is None or not beyond:
            return []
        return [
            Term(
                name="documents, data or backups deleted",
                bits=self.documents.bits(beyond),
                field="file.extension",
                value=f"{documents} of {removed} deleted files",
                expected=f"{self.usual:.0%} of what ordinary bursts delete",
            )
        ]

    def _strange(self, endings: Sequence[str], changes: int) -> list[Term]:
        unknown = [ending for ending in endings if ending not in self.endings]
        if not unknown:
            return []
        bits = _STRANGE if len(unknown) * 4 <= max(8, changes) else _STRANGE / 2  # random endings are caches
        expected = f"{len(self.endings)} endings are known"
        return [Term(name="ending never seen", bits=bits, field="file.extension", value=unknown[0], expected=expected)]

    def _program(self, programs: Sequence[str]) -> list[Term]:
        unknown = [program for program in programs if program not in self.deleting]
        if not unknown:
            return []
        fresh = (sum(seen == 1 for name, (_, seen) in self.deleting.items() if name) + 0.5) / (self.bursts + 1.0)
        expected = "no ordinary burst was its work"
        return [
            Term(
                name="program that never did this",
                bits=-math.log2(fresh),
                field="process.name",
                value=unknown[0],
                expected=expected,
            )
        ]

    def content(self) -> Content:
        """Return all of it as JSON."""
        return Content(
            document={
                "rates": self.rates.to_json(),
                "deleting": {name: list(pair) for name, pair in self.deleting.items()},
                "endings": dict(self.endings),
                "together": self.together.to_json(),
                "gone": self.gone.to_json(),
                "bursts": self.bursts,
                "usual": self.usual,
                "documents": None if self.documents is None else self.documents.to_json(),
            }
        )


def _beyond(documents: int, removed: int, usual: float) -> float:
    """Return how far the share of documents among the deleted files is beyond the usual one, 0 if it is not.

    In bits: Chernoff's bound on the chance of so many or more of them by that share.
    """
    share = documents / max(removed, 1)
    if share <= usual:
        return 0.0
    rest = (1.0 - share) * math.log2((1.0 - share) / (1.0 - usual)) if share < 1.0 else 0.0
    return removed * (share * math.log2(share / usual) + rest)


def _running(found: Cells, deleted: Integers, over: timedelta) -> Integers:
    """Return how many files each host deleted in bursts within `over`, this burst included."""
    span = over // timedelta(microseconds=1)
    host, moment = found.key[0], found.end - found.end.min() + span
    size = int(moment.max()) + 1
    place = np.unique(host, return_inverse=True)[1].ravel() * size + moment
    order = np.argsort(place, kind="stable")
    total = np.concatenate([[0], np.cumsum(deleted[order])])
    after = np.searchsorted(place[order], place, side="right")
    before = np.searchsorted(place[order], place - span, side="right")
    return np.asarray(total[after] - total[before], dtype=np.int64)


def _endings(events: pa.Table) -> tuple[Integers, list[str]]:
    """Return the ending of each row's file: as the log has it, else as the path says."""
    path, paths = either(events, "file.path", "file.name", "winlog.event_data.ObjectName")
    codes, values = coded(events, "file.extension")
    names = [path.replace("\\", "/").rpartition("/")[2].rpartition(".") for path in paths]
    known = {value: number for number, value in enumerate(values)}
    made = [known.setdefault(ending.lower()[:32], len(known)) if stem else -1 for stem, _, ending in names]
    from_path = np.array([*made, -1], dtype=np.int64)[path]
    return np.where(codes >= 0, codes, from_path), list(known)


def _made(document: Mapping[str, object]) -> FileChangesFitted:
    deleting = cast("Mapping[str, Sequence[int]]", document["deleting"])
    return FileChangesFitted(
        rates=Tail.from_json(document["rates"]),
        deleting={str(name): (int(pair[0]), int(pair[1])) for name, pair in deleting.items()},
        endings={str(k): int(v) for k, v in cast("Mapping[str, int]", document["endings"]).items()},
        together=Tail.from_json(document["together"]),
        gone=Tail.from_json(document["gone"]),
        bursts=int(cast("int", document["bursts"])),
        usual=float(cast("float", document.get("usual", 0.5))),
        documents=Tail.from_json(document["documents"]) if document.get("documents") else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChanges:
    """The kind of model; see the module."""

    name: str = "file-changes"
    columns: tuple[str, ...] = (
        *("@timestamp", "event.category", "event.type", "host.name", "file.path", "file.extension", "file.name"),
        *("process.name", "process.executable", "event.code", "winlog.event_data.ObjectType"),
        *("winlog.event_data.ObjectName", "winlog.event_data.AccessMask"),
    )
    window: timedelta = timedelta(seconds=10)
    lookback: timedelta = timedelta(minutes=5)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return one row for each host and ten seconds in which it changed many files."""
        audited = matching(events, "event.code", ("4663",)) & matching(events, _OBJECT, ("File",))
        changing = matching(events, "event.category", ("file",)) & matching(events, "event.type", _KINDS)
        changing |= audited & matching(events, _MASK, (*_WRITES, *_DELETES))
        host, hosts = coded(events, "host.name")
        found = cells(events, moments=times(events), keys=[np.where(changing, host, -1)], window=self.window)
        found = found.only(found.counts() >= _LEAST)
        if not len(found):
            return empty_observations(_OWN)
        deleting = matching(events, "event.type", ("deletion",)) | (audited & matching(events, _MASK, _DELETES))
        deleted = deleting[found.rows]
        ending, endings = _endings(events)
        program, programs = either(events, "process.name", "process.executable")
        kept = np.append(np.array([name.lower() in _DOCUMENTS for name in endings], dtype=bool), False)[ending]
        _, place, together = np.unique(found.end, return_inverse=True, return_counts=True)
        columns = {
            "changes": pa.array(found.counts()),
            "deleted": pa.array(found.counts(deleted) / found.counts()),
            "endings": found.lists(ending[found.rows], endings, most=200),
            "programs": found.lists(program[found.rows], programs, most=20),
            "hosts": pa.array(together[place.ravel()].astype(np.int64)),
            "gone": pa.array(_running(found, found.counts(deleted), self.lookback)),
            "removed": pa.array(found.counts(deleted)),
            "documents": pa.array(found.counts(deleted & kept[found.rows])),
        }
        return found.observations(entity=[hosts[code] for code in found.key[0].tolist()], columns=columns)

    def fit(self, observations: pa.Table, *, seed: int) -> FileChangesFitted:
        """Return the model of ordinary bursts."""
        del seed
        if observations.num_rows < _LEAST_ROWS:
            raise NotEnoughDataError(f"{observations.num_rows} bursts of file changes, {_LEAST_ROWS} are wanted")
        rows = observations.select(list(_OWN)).to_pylist()
        deleting: dict[str, list[int]] = {"": [0, 0]}
        endings: Counter[str] = Counter()
        for row in rows:
            endings.update(row["endings"])
            for name in {"", *row["programs"]}:
                pair = deleting.setdefault(name, [0, 0])
                pair[0] += row["deleted"] >= 0.3
                pair[1] += 1
        removed = sum(row["removed"] for row in rows)
        usual = (sum(row["documents"] for row in rows) + 1.0) / (removed + 2.0)
        return FileChangesFitted(
            rates=Tail.of(row["changes"] for row in rows),
            deleting={name: (pair[0], pair[1]) for name, pair in sorted(deleting.items())},
            endings=dict(sorted(endings.items())),
            together=Tail.of(row["hosts"] for row in rows),
            gone=Tail.of(row["gone"] for row in rows),
            bursts=len(rows),
            usual=usual,
            documents=Tail.of(_beyond(row["documents"], row["removed"], usual) for row in rows),
        )

    def restore(self, content: Content) -> FileChangesFitted:
        """Return the model again."""
        return restored(content, _made)

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return bursts of updates, builds and copies on hosts of the simulated ministry."""
        return ordinary("files", seed=seed, days=12 if count >= 1000 else 4)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return bursts that encrypt (a new ending, old files deleted), by a program never seen, on several hosts."""
        rng = np.random.default_rng(seed)
        rows = normal.slice(0, min(20, normal.num_rows)).to_pylist()
        for row in rows:
            row |= {"changes": int(rng.integers(200, 900)), "deleted": 0.5, "hosts": int(rng.integers(2, 7))}
            row["gone"] = row["changes"] * 4
            row["removed"] = row["documents"] = row["changes"] // 2
            row |= {"endings": ["docx", "pdf", f"x{rng.integers(10**6)}"], "programs": [f"u{rng.integers(10**6)}.exe"]}
        return pa.Table.from_pylist(rows, schema=normal.schema)


MODEL = FileChanges()
