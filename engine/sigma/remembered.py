"""Tables of tested values in a form that can be kept: what the rows of a block came to, without the strings.

A kept entry says for each row which of a few *local* numbers it has, and for each local number what it stands for. It
is found under a key that is a digest of everything it rests on: the predicates asked, how their field is read, and the
code that answers them. Rule sets that ask the same of a field share it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from engine.sigma.partitions import Partition

_CODEC = "zstd"
Places: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]
_WIDTHS: tuple[type[np.unsignedinteger[Any]], ...] = (np.uint8, np.uint16, np.uint32)
_SPARSE = 1 << 20  # numbers up to here are told apart without sorting them
_ROOT = Path(__file__).parents[1]
# What decides about the answer to a predicate: all of Sigma's engine, and how the store writes values as text.
_CODE = (
    "sigma/*.py",
    "folding.py",
    "events.py",
    "ecs_types.py",
    "store/columns.py",
    "store/values.py",
    "store/blocks.py",
    "store/rest.py",
    "store/scan.py",
)


@dataclass(frozen=True, slots=True)
class Local:
    """What rows came to: `meanings` by local number, and each row's number (`codes`; None where all have number 0)."""

    meanings: Sequence[Any]
    codes: Places | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of a partition's entries, and the numbers of the predicates of each table, in the order of its key."""

    fields: Sequence[str]
    field_numbers: Sequence[Sequence[int]]
    keywords: str
    keyword_numbers: Sequence[int]
    references: str


def keys_of(partition: Partition) -> Keys:
    """Return under what keys this partition's entries are kept."""
    asked, keywords = partition.asked
    return Keys(
        fields=[
            _key(partition.is_dashed, accessor.names, accessor.spread, [item for _, item in items])
            for accessor, items in zip(partition.accessors, asked, strict=True)
        ],
        field_numbers=[[number for number, _ in items] for items in asked],
        keywords=_key("keywords", partition.kind.family, [item for _, item in keywords]),
        keyword_numbers=[number for number, _ in keywords],
        references=_key("references", partition.compared()),
    )


@cache
def code_key() -> str:
    """Return a digest of the code that decides what is true of a value."""
    paths = sorted(path for pattern in _CODE for path in _ROOT.glob(pattern))
    return blake2b(b"".join(path.read_bytes() for path in paths), digest_size=16).hexdigest()


def _key(*parts: object) -> str:
    return blake2b(orjson.dumps([code_key(), *parts], default=list), digest_size=16).hexdigest()


def localised(numbers: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Places]:
    """Return the distinct numbers, and each row's place among them in as few bytes as are enough."""
    largest = int(numbers.max(initial=0))
    if largest > _SPARSE or (len(numbers) and int(numbers.min()) < 0):
        used, inverse = np.unique(numbers, return_inverse=True)
        return used, inverse.astype(_width(len(used)))
    there = np.zeros(largest + 1, dtype=bool)
    there[numbers] = True
    used = np.flatnonzero(there)
    places = np.zeros(largest + 1, dtype=_width(len(used)))
    places[used] = np.arange(len(used))
    return used, places[numbers]


def _width(count: int) -> type[np.unsignedinteger[Any]]:
    return next(each for each in _WIDTHS if count <= np.iinfo(each).max)


def packed(local: Local) -> bytes:
    """Write an entry."""
    codes = local.codes
    head = orjson.dumps([local.meanings, 0 if codes is None else codes.dtype.itemsize])
    return head + b"\n" + (b"" if codes is None else pa.compress(codes.tobytes(), codec=_CODEC, asbytes=True))


def unpacked(content: bytes | None, rows: int) -> Local | None:
    """Read an entry for so many rows; None where there is none or it does not fit."""
    if content is None:
        return None
    head, _, rest = content.partition(b"\n")
    meanings, width = orjson.loads(head)
    if not width:
        return Local(meanings, None)
    kind = np.dtype(f"u{width}")
    codes = np.frombuffer(pa.decompress(rest, decompressed_size=rows * width, codec=_CODEC, asbytes=True), dtype=kind)
    return Local(meanings, codes) if len(codes) == rows else None
