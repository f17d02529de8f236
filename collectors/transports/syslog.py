"""Syslog listeners: datagrams (RFC 5426), streams (RFC 6587) and TLS (RFC 5425).

Back pressure: where the inbox is full, nothing more is read. Senders over TCP and TLS then wait; datagrams are dropped
by the kernel, which says how many (`SO_RXQ_OVFL`, Linux). Syslog has no acknowledgements: what a sender had sent and
nobody had read when a connection broke is not known to either side.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b

from collectors.transports.inbox import Inbox, Message
from collectors.transports.octets import Frame, Octets
from collectors.transports.senders import Senders, Tally

_CHUNK = 256 * 1024
_RECEIVE_BUFFER = 8 * 1024 * 1024  # bytes of datagrams that the kernel is asked to hold
_AT_ONCE = 500  # datagrams read in a row
_DATAGRAM = 65_535
_OVERFLOW = getattr(socket, "SO_RXQ_OVFL", 40)
_PAUSE = 0.02  # seconds between looks whether there is room again
_QUIET = 0.5  # seconds without a byte after which a connection is closed when kulla stops


def stream_identity(listener: str, sender: str, token: str) -> str:
    """Return the identity of one sender's stream; `token` tells this connection, or this run, from any other."""
    return blake2b(f"{listener}\n{sender}\n{token}".encode(), digest_size=16).hexdigest()


@dataclass(slots=True, kw_only=True)
class Streams:
    """Receives syslog from connections. `token` gives a word never given before; `stopping` says when to end."""

    name: str
    inbox: Inbox
    token: Callable[[], str]
    stopping: asyncio.Event
    tally: Tally = field(default_factory=Tally)
    senders: Senders = field(default_factory=Senders)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one connection to its end."""
        with self.senders.admitted(writer, self.tally) as sender:
            if sender is not None:
                await self._read(reader, sender)

    async def _read(self, reader: asyncio.StreamReader, sender: str) -> None:
        identity = stream_identity(self.name, sender, self.token())
        octets = Octets()
        while data := await self._some(reader):
            await self._give(list(octets.feed(data)), sender, identity)
        await self._give(list(octets.end()), sender, identity)

    async def _some(self, reader: asyncio.StreamReader) -> bytes:
        """Return what came; nothing where the connection has ended, or is quiet while kulla stops."""
        reading = asyncio.ensure_future(reader.read(_CHUNK))
        stopping = asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                await asyncio.wait({reading}, timeout=_QUIET)
            return reading.result() if reading.done() else b""
        except OSError:  # a broken connection, or broken TLS: what came before is kept
            return b""
        finally:
            reading.cancel()
            stopping.cancel()

    async def _give(self, frames: list[Frame], sender: str, identity: str) -> None:
        if not frames:
            return
        messages = tuple(
            Message(
                sender=sender,
                listener=self.name,
                identity=identity,
                offset=frame.offset,
                raw=frame.raw,
                problem=frame.problem,
                size=frame.size,
            )
            for frame in frames
        )
        while self.inbox.offer(messages) is None:
            await asyncio.sleep(_PAUSE)
        self.tally.messages += len(messages)


class Datagrams:
    """Receives syslog in datagrams, one message each (the last line end is cut off)."""

    def __init__(self, name: str, inbox: Inbox, number: socket.socket, token: str) -> None:
        self.tally = Tally()
        self._name = name
        self._inbox = inbox
        self._socket = number
        self._token = token
        self._received = 0
        number.setblocking(False)
        number.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        if hasattr(socket, "CMSG_LEN"):
            number.setsockopt(socket.SOL_SOCKET, _OVERFLOW, 1)

    async def serve(self, stopping: asyncio.Event) -> None:
        """Read until told to stop; then what the kernel still holds."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._socket, ready.set)
        try:
            while not stopping.is_set():
                waiting = [asyncio.ensure_future(ready.wait()), asyncio.ensure_future(stopping.wait())]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for each in waiting:
                    each.cancel()
                ready.clear()
                await self._drain(loop, ready)
            await self._drain(loop, ready)
        finally:
            loop.remove_reader(self._socket)
            self._socket.close()

    async def _drain(self, loop: asyncio.AbstractEventLoop, ready: asyncio.Event) -> None:
        while messages := self._some():
            if self._inbox.offer(messages) is None:
                loop.remove_reader(self._socket)  # what comes now is the kernel's to hold
                while self._inbox.offer(messages) is None:
                    await asyncio.sleep(_PAUSE)
                loop.add_reader(self._socket, ready.set)
            self.tally.messages += len(messages)
            await asyncio.sleep(0)

    def _some(self) -> tuple[Message, ...]:
        found: list[Message] = []
        for _ in range(_AT_ONCE):
            try:
                data, ancillary, _, place = self._socket.recvmsg(_DATAGRAM, socket.CMSG_SPACE(4))
            except (BlockingIOError, InterruptedError):
                break
            except OSError:  # an ICMP error of somebody we never wrote to
                continue
            for level, kind, value in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, _OVERFLOW):
                    self.tally.dropped = struct.unpack("I", value[:4])[0]
            raw = data.rstrip(b"\r\n\x00")
            if raw:
                self._received += 1
                sender = str(place[0])
                identity = stream_identity(self._name, sender, self._token)
                found.append(
                    Message(
                        sender=sender,
                        listener=self._name,
                        identity=identity,
                        offset=self._received,
                        raw=raw,
                        size=len(raw),
                    )
                )
        return tuple(found)
