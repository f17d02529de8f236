"""A small proxy between kulla and a real server, which refuses, breaks off, or does something first, as it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from tests.serving import Serving


@dataclass(frozen=True, kw_only=True)
class Way:
    """What becomes of a request: an error `status` in its place, or an answer that breaks off after `cut` bytes."""

    status: int = 0
    body: bytes = b""
    cut: int = -1


class Between(Serving):
    """Passes GET requests on to `target`; `way(path, range)` says what becomes of each."""

    def __init__(self, target: str, way: Callable[[str, str], Way]) -> None:
        self.target = urlsplit(target).netloc
        self.way = way
        self.asked: list[tuple[str, str]] = []
        super().__init__(_handler(self))


def _handler(proxy: Between) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            place = self.headers.get("range", "")
            proxy.asked.append((self.path, place))
            way = proxy.way(self.path, place)
            status, headers, body = (way.status, [], way.body) if way.status else self._passed()
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in {"connection", "transfer-encoding", "content-length", "server", "date"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if way.cut < 0 else body[: way.cut])
            self.close_connection = way.cut >= 0

        def _passed(self) -> tuple[int, list[tuple[str, str]], bytes]:
            connection = HTTPConnection(proxy.target, timeout=60)
            try:
                kept = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                connection.request("GET", self.path, headers=kept)
                answer = connection.getresponse()
                return answer.status, answer.getheaders(), answer.read()
            finally:
                connection.close()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the base class's name
            del format, args

    return Handler
