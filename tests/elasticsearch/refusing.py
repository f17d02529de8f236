"""A small proxy in front of a node that refuses a part of the requests: 429, 503, or no answer at all."""

from __future__ import annotations

import threading
from collections import Counter
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from random import Random
from urllib.parse import urlsplit

from tests.serving import Serving

BUSY = b'{"error":{"type":"es_rejected_execution_exception","reason":"rejected: the queue is full"},"status":429}'
AWAY = b'{"error":{"type":"unavailable_shards_exception","reason":"primary shard is not active"},"status":503}'
WAYS = ("429", "503", "503 afterwards", "cut afterwards")  # afterwards: the node has done what was asked for


class Refusing(Serving):
    """Passes requests on to `target`; a seeded `share` of them is refused in one of the `WAYS`."""

    def __init__(self, target: str, seed: int, share: float) -> None:
        self._target = urlsplit(target).netloc
        self._chance = Random(seed)
        self._lock = threading.Lock()
        self.share = share
        self.refused: Counter[str] = Counter()
        super().__init__(_handler(self))

    def way(self) -> str:
        """Return how the next request is refused, "" where it is not."""
        with self._lock:
            if self._chance.random() >= self.share:
                return ""
            found = self._chance.choice(WAYS)
            self.refused[found] += 1
            return found

    def passed(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Ask the node; return its answer."""
        connection = HTTPConnection(self._target, timeout=60)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()


def _handler(proxy: Refusing) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            way = proxy.way()
            kept = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
            answer = (int(way[:3]), dict[str, str](), BUSY if way == "429" else AWAY) if way[:3].isdigit() else None
            if way in {"", "503 afterwards", "cut afterwards"}:
                passed = proxy.passed(self.command, self.path, body, kept)
                answer = answer or passed
            if way.startswith("cut") or answer is None:
                self.close_connection = True
                return
            status, headers, content = answer
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() in {"content-type", "x-elastic-product"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815 # the base class's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the base class's name
            del format, args

    return Handler
