"""All listeners of one run on one event loop, in a thread of their own, between the network and the inbox."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from collectors.transports.address import SECURE, Address
from collectors.transports.http import Credentials, Endpoint
from collectors.transports.inbox import Inbox
from collectors.transports.senders import Tally
from collectors.transports.syslog import Datagrams, Streams
from engine.errors import ConfigurationError

_LIMIT = 256 * 1024  # bytes that a connection's buffer holds before it is not read any more
_GRACE = 10.0  # seconds that open connections are given when kulla stops
_LOOKS = 10  # turns of the loop, a hundredth of a second each, that take up waiting connections before that


@dataclass(slots=True, kw_only=True)
class Listeners:
    """Listens at addresses from `start` until `stop`; `bound` are the addresses with their real ports."""

    addresses: Sequence[Address]
    inbox: Inbox
    token: Callable[[], str]
    context: ssl.SSLContext | None = None
    credentials: Credentials = field(default_factory=Credentials)
    bound: list[Address] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    _thread: threading.Thread | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _stopping: asyncio.Event | None = None
    _failure: BaseException | None = None
    _ready: threading.Event = field(default_factory=threading.Event)
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self) -> None:
        """Begin to listen; raise `ConfigurationError` where an address cannot be had."""
        self._thread = threading.Thread(target=self._run, name="listeners", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Take no more connections, and let those that are open come to their end; returns at once."""
        if self._loop is not None and self._stopping is not None and self.alive:
            self._loop.call_soon_threadsafe(self._stopping.set)

    @property
    def alive(self) -> bool:
        """Tell whether something may still come in."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except (OSError, ConfigurationError) as error:
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        servers: list[asyncio.Server] = []
        reading: list[asyncio.Task[None]] = []
        for address in self.addresses:
            try:
                await self._listen(address, servers, reading)
            except OSError as error:
                hint = "another program may have the port; ports below 1024 need the right to bind them"
                raise ConfigurationError(
                    f"cannot listen there ({error.strerror or error})", where=str(address), hint=hint
                ) from error
        self._ready.set()
        await self._stopping.wait()
        for _ in range(_LOOKS):  # what the kernel has taken for us is as good as sent: plain syslog is not sent again
            await asyncio.sleep(0.01)
        for server in servers:
            server.close()
        pending = {*reading, *self._open}
        if pending:
            _, late = await asyncio.wait(pending, timeout=_GRACE)
            for task in late:
                task.cancel()

    async def _listen(self, address: Address, servers: list[asyncio.Server], reading: list[asyncio.Task[None]]) -> None:
        assert self._stopping is not None  # noqa: S101 - for the type checker: set by the only caller
        if address.scheme == "syslog+udp":
            family, _, _, _, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0]
            number = socket.socket(family, socket.SOCK_DGRAM)
            number.bind(place)
            name = self._named(address, number)
            datagrams = Datagrams(name, self.inbox, number, self.token())
            self.tallies[name] = datagrams.tally
            reading.append(asyncio.ensure_future(datagrams.serve(self._stopping)))
            return
        number = socket.create_server(
            (address.host, address.port), family=socket.AF_INET6 if ":" in address.host else socket.AF_INET
        )
        name = self._named(address, number)
        taker: Endpoint | Streams
        if address.scheme.startswith("http"):
            taker = Endpoint(name=name, inbox=self.inbox, stopping=self._stopping, credentials=self.credentials)
        else:
            taker = Streams(name=name, inbox=self.inbox, token=self.token, stopping=self._stopping)
        self.tallies[name] = taker.tally

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                self._open.add(task)
                task.add_done_callback(self._open.discard)
            await taker.serve(reader, writer)

        context = self.context if address.scheme in SECURE else None
        servers.append(await asyncio.start_server(serve, sock=number, ssl=context, limit=_LIMIT))

    def _named(self, address: Address, number: socket.socket) -> str:
        real = Address(scheme=address.scheme, host=address.host, port=number.getsockname()[1])
        self.bound.append(real)
        return str(real)
