"""An HTTP(S) endpoint: JSON lines, and what shippers for Elasticsearch ask (HTTP/1.1, RFC 9112).

A request is answered when its records are stored, whole or not at all: 200 then, 429 where the store stalls. A client
that repeats a request, because no answer came, sends the same bytes; their records have the same ids, and are not
stored twice.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from collectors.transports.bulk import Answer, Lines, answer_to, is_bulk, lines_of, problem, report
from collectors.transports.inbox import Inbox
from collectors.transports.senders import Senders, Tally

_MOST_BODY = 64 * 1024 * 1024  # bytes, unpacked
_MOST_HEAD = 64 * 1024
_MOST_MEMBERS = 10_000  # of a gzip body; shippers write one
_SLICE = 16 * 1024  # bytes of a packed body that are looked at together
_ROOM = 1.0  # seconds that a request waits for room in the inbox
_STORED = 60.0  # seconds that it waits to be stored
_IDLE = 300.0  # seconds that a connection may be silent
_REASONS = {
    200: "OK",
    201: "Created",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "No",
    408: "Late",
}
_REASONS |= {413: "Content Too Large", 415: "Unsupported Media Type", 429: "Too Many Requests", 503: "Unavailable"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who may send: names (of users or API keys) with their secrets; none means everybody."""

    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def admit(self, header: str) -> bool:
        """Tell whether an `Authorization` header (`Basic` or `ApiKey`) is that of somebody who may send."""
        if not self.secrets:
            return True
        scheme, _, word = header.partition(" ")
        if scheme.lower() not in {"basic", "apikey"}:
            return False
        try:
            name, _, secret = base64.b64decode(word.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return False
        known = self.secrets.get(name, "")
        return hmac.compare_digest(known.encode(), secret.encode()) and bool(known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, its body unpacked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class RefusedError(Exception):
    """A request that is answered with an error; the connection ends where its body was not read."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """Answers HTTP requests; what they bring goes into the inbox."""

    name: str
    inbox: Inbox
    stopping: asyncio.Event
    credentials: Credentials = field(default_factory=Credentials)
    room: float = _ROOM
    patience: float = _STORED
    tally: Tally = field(default_factory=Tally)
    senders: Senders = field(default_factory=Senders)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests."""
        with self.senders.admitted(writer, self.tally) as sender:
            if sender is None:
                return
            # what a client had no answer for before it went, it sends again
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                while not self.stopping.is_set() and await self._answer_one(reader, writer, sender):
                    pass

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sender: str) -> bool:
        first = asyncio.ensure_future(reader.read(1))
        stopping = asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait({first, stopping}, timeout=_IDLE, return_when=asyncio.FIRST_COMPLETED)
            begun = first.result() if first.done() else b""
        finally:
            first.cancel()
            stopping.cancel()
        if not begun:
            return False
        stay = True
        method = "GET"
        try:
            method, target, headers = await _head(reader, begun)
            stay = headers.get("connection", "").lower() != "close"
            self._admit(headers)
            body = await asyncio.wait_for(_body(reader, writer, headers), _IDLE)
            path = _path(target)
            answer = await self._answer(Request(method=method, path=path, headers=headers, body=body), sender)
        except RefusedError as error:
            answer, stay = Answer(status=error.status, body=problem(error.status, str(error))), False
        await _write(writer, answer, bare=method == "HEAD", stay=stay)
        return stay

    def _admit(self, headers: Mapping[str, str]) -> None:
        if not self.credentials.admit(headers.get("authorization", "")):
            raise RefusedError(401, "missing or wrong credentials")

    async def _answer(self, request: Request, sender: str) -> Answer:
        known = answer_to(request.method, request.path)
        if known is not None:
            return known
        if request.method not in {"POST", "PUT"}:
            return Answer(status=405, body=problem(405, "POST JSON lines, or /_bulk"))
        found = lines_of(request.body, self.name, sender, request.path)
        if found.why:
            return Answer(status=400, body=problem(400, found.why))
        return await self._store(found, bulk=is_bulk(request.path))

    async def _store(self, found: Lines, *, bulk: bool) -> Answer:
        if found.messages:
            loop = asyncio.get_running_loop()
            until = loop.time() + self.room
            while (stored := self.inbox.offer(found.messages)) is None:
                if loop.time() >= until:
                    self.tally.refused += 1
                    return Answer(status=429, body=problem(429, "the store stalls: send it again later"))
                await asyncio.sleep(0.02)
            try:
                await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(stored)), self.patience)
            except TimeoutError:
                self.tally.refused += 1
                return Answer(status=429, body=problem(429, "not stored yet: send it again, nothing is doubled"))
        self.tally.messages += len(found.messages)
        return Answer(status=200, body=report(found, bulk=bulk))


async def _head(reader: asyncio.StreamReader, begun: bytes) -> tuple[str, str, dict[str, str]]:
    try:
        raw = begun + await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30.0)
    except asyncio.LimitOverrunError as error:
        raise RefusedError(400, "headers too long") from error
    if len(raw) > _MOST_HEAD:
        raise RefusedError(400, "headers too long")
    first, *rest = raw.decode("latin-1").strip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise RefusedError(400, "no HTTP/1.1 request")
    headers: dict[str, str] = {}
    for line in rest:
        name, colon, value = line.partition(":")
        key = name.lower()
        if not colon or name != name.strip() or (key in headers and key in {"content-length", "transfer-encoding"}):
            raise RefusedError(400, "malformed headers")
        headers[key] = value.strip()
    return words[0].upper(), words[1], headers


def _path(target: str) -> str:
    try:
        return unquote(urlsplit(target).path)
    except ValueError as error:  # http://[::
        raise RefusedError(400, "malformed target") from error


async def _body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> bytes:
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "transfer-encoding" in headers:
        if headers["transfer-encoding"].lower() != "chunked" or "content-length" in headers:
            raise RefusedError(400, "transfer encoding not understood")
        raw = await _chunks(reader)
    else:
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise RefusedError(400, "malformed content length")
        if len(length) > 12 or int(length) > _MOST_BODY:
            raise RefusedError(413, f"more than {_MOST_BODY:,} bytes")
        raw = await reader.readexactly(int(length))
    return unpacked(raw, headers.get("content-encoding", "").lower())


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        word = (await _line(reader)).split(b";")[0].strip()
        try:
            length = int(word, 16) if len(word) <= 8 and word.isalnum() else -1
        except ValueError:
            length = -1
        size += max(length, 0)
        if length < 0 or size > _MOST_BODY:
            raise RefusedError(413 if length >= 0 else 400, "malformed chunk, or too many")
        if not length:
            while (await _line(reader)).strip():
                pass  # trailers say nothing that is needed
            return b"".join(parts)
        parts.append(await reader.readexactly(length))
        await reader.readexactly(2)


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n")
    except asyncio.LimitOverrunError as error:
        raise RefusedError(400, "chunk's line too long") from error


def unpacked(raw: bytes, encoding: str) -> bytes:
    """Return a body without its content encoding; raise `RefusedError` where it has too much in it, or is damaged."""
    if encoding in {"", "identity"}:
        return raw
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise RefusedError(415, "content encoding must be gzip or deflate")
    found = _Unpacked(room=_MOST_BODY)
    try:
        for first in range(0, len(raw), _SLICE):  # small slices: what is behind a member is copied each time
            found.add(raw[first : first + _SLICE])
    except zlib.error as error:
        raise RefusedError(400, f"damaged {encoding} body") from error
    if raw and not found.codec.eof:
        raise RefusedError(400, f"{encoding} body cut short")
    return b"".join(found.parts)


def _codec() -> zlib._Decompress:
    return zlib.decompressobj(wbits=47)  # gzip or zlib, told by the header


@dataclass(slots=True)
class _Unpacked:
    """What a packed body holds: gzip may be written in several members, one after the other (RFC 1952, 2.2)."""

    room: int  # bytes that may still come out of it
    codec: zlib._Decompress = field(default_factory=_codec)
    parts: list[bytes] = field(default_factory=list)
    members: int = 1

    def add(self, packed: bytes) -> None:
        """Unpack the next bytes, bounded; raise `RefusedError` or `zlib.error`."""
        while packed := packed.lstrip(b"\0") if self.codec.eof else packed:  # some pad their members
            if self.codec.eof:
                self.codec, self.members = _codec(), self.members + 1
            self.parts.append(self.codec.decompress(packed, self.room + 1))
            self.room -= len(self.parts[-1])
            if self.room < 0 or self.members > _MOST_MEMBERS:
                raise RefusedError(413, f"more than {_MOST_BODY:,} bytes unpacked, or {_MOST_MEMBERS:,} gzip members")
            packed = self.codec.unused_data


async def _write(writer: asyncio.StreamWriter, answer: Answer, *, bare: bool, stay: bool) -> None:
    lines = [
        f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Error')}",
        "Content-Type: application/json",
        f"Content-Length: {len(answer.body)}",
        "X-Elastic-Product: Elasticsearch",  # clients of Elasticsearch refuse to talk without it
        "Connection: " + ("keep-alive" if stay else "close"),
    ]
    if answer.status == 401:
        lines.append('WWW-Authenticate: Basic realm="kulla"')
    if answer.status == 429:
        lines.append("Retry-After: 5")
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if bare else answer.body))
    await asyncio.wait_for(writer.drain(), 30.0)
