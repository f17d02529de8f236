"""Objects of a bucket, read as log files are: whatever their compression, from where their checkpoint stands.

An object is a file that is never changed, only replaced: its entity tag says which content it has. A record's id is
made of the content and the record's place, as for files: a log under two keys, or collected as a file, is one log.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import blake2b
from itertools import count
from typing import BinaryIO, Protocol, cast

import orjson

from collectors.compression import MAGIC, archive_of, damage, unpacked
from collectors.files import PREFIX, alias_of, identity_of, rewound, up_to
from collectors.pulling.seam import Checkpoint, Means, Name, Pulled, UnreachableError
from collectors.registry import HEAD
from collectors.source import Columnar, Options, Record, Source
from collectors.transports.decoding import Decoder
from collectors.transports.pile import Pile
from collectors.transports.tracked import as_whole, is_packed, moved, skipped
from engine.errors import InputError

LEAST = 64 * 1024  # bytes of an object that is worth reading by columns
_BUFFER = 1 << 18
_AT_ONCE = 1 << 16  # bytes asked for: so much is fetched again where a connection breaks off
_PAUSES = (0.5, 1.0, 2.0, 5.0, 15.0)  # seconds before a download that broke off is gone on with


class GoneError(InputError):
    """The object is no longer there, or no longer has the content that was listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An object as its bucket lists it. `tag` names its content, `size` is in bytes as stored."""

    key: str
    tag: str
    size: int
    modified: datetime


class Body(Protocol):
    """The bytes of an object as they come."""

    def read(self, size: int, /) -> bytes:
        """Return some bytes, none at the end; raise `UnreachableError` where the connection breaks off."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class Bucket(Protocol):
    """Where objects are kept: `S3` in production."""

    def __str__(self) -> str:
        """Return the address under which its objects' keys stand, without a slash at the end."""
        ...

    def listed(self, prefix: str) -> Iterator[list[Listed]]:
        """Yield the objects whose keys begin so, page by page, in the order of their keys."""
        ...

    def fetch(self, found: Listed, start: int) -> Body:
        """Return the object's bytes from an offset on; raise `GoneError` where it has that content no more."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectMark:
    """How far an object was read. `offset` is in bytes of the uncompressed content, `number` counts records before it.

    `prefix` is the length of the bytes that made `identity`. `packed` and `whole` say that it can be read from its
    start only: to skip what was read, or altogether. `headers` are lines that the parser needs again.
    """

    tag: str
    done: bool = False
    identity: str = ""
    prefix: int = 0
    offset: int = 0
    number: int = 0
    packed: bool = False
    whole: bool = False
    source: str = ""
    headers: tuple[bytes, ...] = ()

    def written(self) -> str:
        """Return the mark as JSON, without what is as it is at first."""
        body = {name: value for name, value in asdict(self).items() if value}
        if self.headers:
            body["headers"] = [base64.b64encode(line).decode("ascii") for line in self.headers]
        return orjson.dumps(body).decode()


def object_mark(text: str) -> ObjectMark | None:
    """Return the mark that `ObjectMark.written` wrote, None where it is none (of another version, damaged)."""
    try:
        body = orjson.loads(text)
        headers = tuple(base64.b64decode(line) for line in body.pop("headers", ()))
        return ObjectMark(**body, headers=headers)
    except (AttributeError, TypeError, ValueError):
        return None


class _Download(io.RawIOBase):
    """An object's bytes from an offset on; a connection that breaks off is gone on with at the same byte."""

    def __init__(self, bucket: Bucket, found: Listed, start: int, sleep: Callable[[float], None]) -> None:
        self._bucket, self._found, self._sleep = bucket, found, sleep
        self._at = start
        self._body: Body | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # Buffer has no name before 3.12
        view = memoryview(buffer)
        part = self._part(min(len(view), _AT_ONCE)) if self._at < self._found.size else b""
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _part(self, size: int) -> bytes:
        for attempt in count():
            try:
                return self._got(min(size, self._found.size - self._at))
            except UnreachableError:
                self._drop()
                if attempt == len(_PAUSES):
                    raise
            self._sleep(_PAUSES[attempt])
        raise AssertionError  # count() has no end

    def _got(self, size: int) -> bytes:
        if self._body is None:
            self._body = self._bucket.fetch(self._found, self._at)
        part = self._body.read(size)
        if not part:
            raise UnreachableError("the download broke off", where=f"{self._bucket}/{self._found.key}")
        return part

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None

    def close(self) -> None:
        self._drop()
        super().close()


class ObjectReading:
    """Reads one object, whose name in events is the bucket's address and its key."""

    def __init__(self, bucket: Bucket, found: Listed, means: Means) -> None:
        self.path = f"{bucket}/{found.key}"
        self.key = key_of(bucket, found.key)
        self._bucket, self._found, self._means = bucket, found, means
        self._names: tuple[Name, ...] = ()
        self._unpacking: BinaryIO | None = None  # what knows whether a compressed object is whole

    def read(self, before: ObjectMark | None) -> Iterator[Pulled]:
        """Yield the records that follow the checkpoint; the last `Pulled` says that the object was read to its end.

        Raise `InputError` where nobody knows its bytes, `GoneError` where it vanished or was replaced on the way.
        """
        if before is not None and before.tag == self._found.tag and before.identity and not before.packed:
            mark = before
            stream = self._opened(mark.offset)
        else:
            plain = self._opened(0)
            packed = is_packed(start := up_to(plain, MAGIC))
            self._unpacking = stream = unpacked(rewound(plain, start), start)
            head = up_to(stream, HEAD)
            mark = self._begun(head, before, packed=packed)
            stream = rewound(stream, head)
            skipped(stream, mark.offset)
        source = self._means.choose(b"", self.path, mark.source)
        many = self._found.size - (0 if mark.packed else mark.offset) >= LEAST and not mark.headers
        wide = self._means.by_columns and many and isinstance(source, Columnar)
        try:
            yield from self._portions(stream, mark, source) if wide else self._records(stream, mark, source)
        finally:
            stream.close()

    def _opened(self, start: int) -> BinaryIO:
        raw = _Download(self._bucket, self._found, start, self._means.sleep)
        return cast("BinaryIO", io.BufferedReader(raw, buffer_size=_BUFFER))

    def _begun(self, head: bytes, before: ObjectMark | None, *, packed: bool) -> ObjectMark:
        """Return the mark at which a compressed object is gone on with, or the one at an object's start."""
        if before is not None and before.tag == self._found.tag and before.identity:
            return before
        if archive := archive_of(head):
            raise InputError(f"this is an archive ({archive[0]}), which kulla does not look into", where=self.path)
        known = list(self._means.known)
        if before is not None and before.identity:  # replaced: a short log that has grown is still the same log
            known.append((self.path, before.prefix, before.identity))
        identity, prefix = identity_of(head, self.path, known)
        if prefix < PREFIX and (alias := alias_of(head)) is not None:
            self._names = (Name(path=alias, length=PREFIX, identity=identity),)
        source = self._means.choose(head, self.path, "")
        return ObjectMark(
            tag=self._found.tag,
            identity=identity,
            prefix=prefix,
            packed=packed,
            whole=as_whole(head),
            source=source.name,
        )

    def _records(self, stream: BinaryIO, base: ObjectMark, source: Source) -> Iterator[Pulled]:
        options = self._means.options(self._found.modified)
        decoder = Decoder(source, options, identity=base.identity, path=self.path, preamble=base.headers)
        pile, number = Pile(), base.number
        for found in source.frame(stream):
            record = moved(found, base)
            if pile.full:  # the mark stands before a record that has begun: what went before is whole
                here = replace(base, offset=record.offset, number=record.number - 1, headers=tuple(decoder.headers))
                yield self._pulled(pile, source, base if base.whole else here)
                pile = Pile()
            pile.add(decoder.read(record), record)
            number = record.number
        yield self._end(base, source, pile, number)

    def _portions(self, stream: BinaryIO, base: ObjectMark, source: Source) -> Iterator[Pulled]:
        """Yield the records as columns; the mark stands at the last record of each portion, which is read again."""
        from collectors.columns.treatment import Untreated  # noqa: PLC0415 - Arrow is heavy, and only columns need it
        from collectors.pulling.portions import parts  # noqa: PLC0415

        options, mark, headers = self._means.options(self._found.modified), base, 0
        for part in parts(stream, source, options, identity=base.identity, path=self.path, start=base):
            if part.offset is not None:
                mark = replace(base, offset=part.offset, number=part.number - 1)
            batch = part.portion.batch
            pile = Pile(letters=list(part.portion.letters), headers=part.headers - headers, size=batch.originals.nbytes)
            headers = part.headers
            columns = [Untreated(batch=batch, events_of=part.events_of)]
            yield replace(self._pulled(pile, source, mark), columns=columns)
        yield self._end(base, source, Pile(), 0)

    def _end(self, base: ObjectMark, source: Source, pile: Pile, number: int) -> Pulled:
        """Return what is left at an object's end, with the mark that it was read."""
        if self._unpacking is not None and (why := damage(self._unpacking)):
            broken = Record(offset=0, number=number + 1, raw=b"", problem=why)
            decoder = Decoder(source, Options(), identity=base.identity, path=self.path)
            pile.add(decoder.read(broken), broken)
        done = ObjectMark(tag=base.tag, done=True)
        if base.prefix < PREFIX:
            done = replace(done, identity=base.identity, prefix=base.prefix)
        return self._pulled(pile, source, done)

    def _pulled(self, pile: Pile, source: Source, mark: ObjectMark) -> Pulled:
        return Pulled(
            source=source.name,
            events=pile.events,
            letters=pile.letters,
            headers=pile.headers,
            size=pile.size,
            checkpoints=(Checkpoint(key=self.key, body=mark.written()),),
            names=self._names,
        )


def key_of(bucket: Bucket, key: str) -> str:
    """Return the key of an object's checkpoint."""
    return blake2b(f"{bucket}/{key}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
