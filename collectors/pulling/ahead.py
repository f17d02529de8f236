"""Small objects fetched a few ahead of their turn: a bucket answers many questions at once, each after a while."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from collectors.pulling.objects import Body, Bucket, Listed

SMALL = 1024 * 1024  # bytes; larger objects are read as they come
AT_ONCE = 8


class Ahead:
    """A bucket of which small objects are fetched as soon as `walk` comes near them."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch")
        self._ready: dict[Listed, Future[bytes]] = {}

    def __str__(self) -> str:
        """Return the bucket's address."""
        return str(self._bucket)

    def listed(self, prefix: str) -> Iterator[list[Listed]]:
        """Yield the objects whose keys begin so, page by page."""
        return self._bucket.listed(prefix)

    def walk(self, objects: Iterable[Listed]) -> Iterator[Listed]:
        """Yield objects in their order; those that follow are being fetched meanwhile."""
        waiting: deque[Listed] = deque()
        try:
            for found in objects:
                waiting.append(found)
                if found.size <= SMALL:
                    self._ready[found] = self._pool.submit(self._whole, found)
                if len(waiting) == AT_ONCE:
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            for future in self._ready.values():
                future.cancel()
            self._ready.clear()

    def _whole(self, found: Listed) -> bytes:
        body = self._bucket.fetch(found, 0)
        try:
            parts = list(iter(lambda: body.read(SMALL), b""))
        finally:
            body.close()
        return b"".join(parts)

    def fetch(self, found: Listed, start: int) -> Body:
        """Return the object's bytes from an offset on: those that were fetched, or asked for now."""
        future = self._ready.pop(found, None)
        if future is None or start:
            return self._bucket.fetch(found, start)
        return io.BytesIO(future.result())

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.shutdown(cancel_futures=True)
        self._bucket.close()
