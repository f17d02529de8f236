"""Real receivers on loopback: an HTTP server, an SMTP server and a syslog server, each in a thread."""

from __future__ import annotations

import socket
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Posted:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Web:
    port: int = 0
    posted: list[Posted] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)  # the next ones; then 202

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def web() -> Iterator[Web]:
    found = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.posted.append(Posted(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status, headers, content = found.answers.pop(0) if found.answers else (202, {}, b"")
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.port = server.server_address[1]
        yield from _served(server, found)


def _served(server: socketserver.BaseServer, found: object) -> Iterator[object]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join(5)


@dataclass
class Post:
    port: int = 0
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    refuse: dict[str, int] = field(default_factory=dict)  # by recipient


@contextmanager
def post_office() -> Iterator[Post]:
    """An SMTP server (RFC 5321) of the commands that a client needs."""
    found = Post()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 post office")
            sender, to = "", []
            while line := self.rfile.readline().decode().strip():
                verb, _, rest = line.partition(" ")
                if verb.upper() in {"EHLO", "HELO"}:
                    self.say("250-post office\r\n250-8BITMIME\r\n250 SMTPUTF8")
                elif verb.upper() == "MAIL":
                    sender, to = rest.split("<")[1].split(">")[0], []
                    self.say("250 ok")
                elif verb.upper() == "RCPT":
                    address = rest.split("<")[1].split(">")[0]
                    code = found.refuse.get(address, 250)
                    to += [address] if code == 250 else []
                    self.say(f"{code} said")
                elif verb.upper() == "DATA":
                    self.say("354 go on")
                    lines = []
                    while (part := self.rfile.readline()) != b".\r\n":
                        lines.append(part.removeprefix(b".") if part.startswith(b"..") else part)
                    found.mails.append((sender, to, b"".join(lines)))
                    self.say("250 taken")
                elif verb.upper() == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        found.port = server.server_address[1]
        yield from _served(server, found)


@dataclass
class Log:
    port: int = 0
    frames: list[bytes] = field(default_factory=list)


@contextmanager
def log_server() -> Iterator[Log]:
    """A syslog receiver over TCP with octet counting (RFC 6587, 3.4.1)."""
    found = Log()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while True:
                length = b""
                while (letter := self.rfile.read(1)).isdigit():
                    length += letter
                if not length:
                    return
                found.frames.append(self.rfile.read(int(length)))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        found.port = server.server_address[1]
        yield from _served(server, found)


def closed_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
