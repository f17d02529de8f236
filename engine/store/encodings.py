"""Parquet's encodings of levels and values, by whole arrays: what a page holds before it is compressed.

Everything that is packed goes out at widths of whole bytes, which the format leaves to the writer: an array is then
written as it stands in memory, and compression takes back what that costs. Sources: the format's pages on encodings
(https://parquet.apache.org/docs/file-format/data-pages/encodings/) and `Encodings.md` of apache/parquet-format.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]
Whole: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int32]
Bytes: TypeAlias = NDArray[np.uint8]

_BLOCK: Final = 128  # values: sizes of blocks of DELTA_BINARY_PACKED are multiples of it
_GROUP: Final = 8  # values: counts of packed runs are multiples of it
_WORD: Final = 2**64 - 1
_MARK: Final = 4  # bytes of a text's length
_SHORT: Final = [bytes([number]) for number in range(0x80)]


def varint(number: int) -> bytes:
    """Write a whole number, not negative, as ULEB128."""
    if number <= 0x7F:
        return _SHORT[number]
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def zigzag(number: int) -> bytes:
    """Write a whole number of up to 64 bits as ULEB128, small ones of either sign shortly."""
    return varint((number << 1 ^ number >> 63) & _WORD)


def same(level: int, count: int) -> bytes:
    """Write a level that so many entries have, as one run."""
    return _repeated(level, count, 1) if count else b""


def levels(values: Bytes, most: int) -> bytes:
    """Write levels from 0 to `most` (3 at most) as one run."""
    groups = -(-len(values) // _GROUP)
    padded = np.zeros(groups * _GROUP, dtype=np.uint8)
    padded[: len(values)] = values
    bits = padded if most == 1 else np.stack([padded & 1, padded >> 1], axis=1).reshape(-1)
    return varint(groups << 1 | 1) + np.packbits(bits, bitorder="little").tobytes()


def codes(values: Codes, most: int) -> bytes:
    """Write codes, from 0 to `most`, of a dictionary: their width in bits, and one run (RLE_DICTIONARY)."""
    width = _width(most) or 1
    head = bytes([8 * width])
    if not len(values):
        return head
    if values[0] == values[-1] and (values == values[0]).all():
        return head + _repeated(int(values[0]), len(values), width)
    groups = -(-len(values) // _GROUP)
    return head + varint(groups << 1 | 1) + _packed(values, width, groups * _GROUP)


def deltas(values: Whole) -> bytes:
    """Write whole numbers by their steps, in one block (DELTA_BINARY_PACKED)."""
    count = len(values)
    steps = values[1:] - values[:-1]  # modulo 2**64, as the format wants it
    low = int(steps.min()) if count > 1 else 0
    steps -= low
    width = _width(int(steps.view(np.uint64).max())) if count > 1 else 0
    size = max(1, -(-len(steps) // _BLOCK)) * _BLOCK
    head = varint(size) + varint(1) + varint(count) + zigzag(int(values[0]) if count else 0)
    if count < 2:
        return head
    return head + zigzag(low) + bytes([8 * width]) + (_packed(steps, width, size) if width else b"")


def texts(values: pa.StringArray) -> pa.Buffer:
    """Write texts, of which none is null, each behind its length (PLAIN)."""
    marks = np.diff(edges(values)).astype("<i4")
    places = np.arange(0, _MARK * (len(values) + 1), _MARK, dtype=np.int32)
    lengths = pa.BinaryArray.from_buffers(pa.binary(), len(values), [None, pa.py_buffer(places), pa.py_buffer(marks)])
    joined = pc.binary_join_element_wise(lengths, values.cast(pa.binary()), b"")
    return joined.buffers()[2] or pa.py_buffer(b"")


def are_one(values: pa.StringArray) -> bool:
    """Tell whether texts, of which there are some and none is null, are all the same."""
    bounds = edges(values)
    width, content = int(bounds[1] - bounds[0]), values.buffers()[2]
    if not (np.diff(bounds) == width).all():
        return False
    letters = np.frombuffer(content, dtype=np.uint8, count=int(bounds[-1])) if width else np.empty(0, dtype=np.uint8)
    return not width or bool((letters[bounds[0] + width :] == letters[bounds[0] : bounds[-1] - width]).all())


def valid(array: pa.Array) -> Bytes:
    """Return 1 for each value, 0 for each null."""
    bits = array.buffers()[0]
    if bits is None:
        return np.ones(len(array), dtype=np.uint8)
    first, last = array.offset, array.offset + len(array)
    whole = np.frombuffer(bits, dtype=np.uint8)[first // 8 : -(-last // 8)]
    return np.unpackbits(whole, bitorder="little")[first % 8 :][: len(array)]


def edges(values: pa.StringArray) -> NDArray[np.int32]:
    """Return where the texts begin and end in their buffer; shape (texts + 1,)."""
    return np.frombuffer(values.buffers()[1], dtype=np.int32)[values.offset : values.offset + len(values) + 1]


def _width(most: int) -> int:
    """Return how many bytes, 1, 2, 4 or 8, hold numbers up to `most`; none for 0."""
    return next((width for width in (0, 1, 2, 4) if most < 1 << 8 * width), 8)


def _packed(values: NDArray[np.signedinteger], width: int, size: int) -> bytes:
    found = np.zeros(size, dtype=f"<u{width}")
    found[: len(values)] = values
    return found.tobytes()


def _repeated(value: int, count: int, width: int) -> bytes:
    return varint(count << 1) + value.to_bytes(width, "little")
