"""Small objects fetched a few ahead of their turn: a bucket answers many questions at once, each after a while."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from threading import BoundedSemaphore, Thread

from collectors.pulling.objects import Body, Bucket, Listed

SMALL = 1024 * 1024  # bytes; larger objects are read as they come
AT_ONCE = 8


class Ahead:
    """A bucket of which small objects are fetched as soon as `walk` comes near them."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._ready: dict[Listed, Future[bytes]] = {}
        self._fetching = BoundedSemaphore(AT_ONCE)  # also what goes on of a walk that was broken off

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
                if found.size <= SMALL and self._fetching.acquire(blocking=False):
                    self._ready[found] = self._begun(found)
                if len(waiting) == AT_ONCE:
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            self._ready.clear()

    def _begun(self, found: Listed) -> Future[bytes]:
        """Fetch an object in a thread that nobody has to wait for: a service may take minutes not to answer."""
        future: Future[bytes] = Future()

        def fetch() -> None:
            try:
                future.set_result(self._whole(found))
            except Exception as error:  # noqa: BLE001 - whoever asks for the object gets it
                future.set_exception(error)
            finally:
                self._fetching.release()

        Thread(target=fetch, name=f"fetch {found.key}", daemon=True).start()
        return future

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
        """Let go of the connections; what is being fetched is not waited for."""
        self._bucket.close()
