"""squid's native access log: `time elapsed client code/status bytes method URL user hierarchy/peer type`."""

from __future__ import annotations

from playbooks.exercises.logbook import BENIGN, LogBook

FILE = "proxy/access.log"


def request(  # noqa: PLR0917 - in the order of the record
    book: LogBook,
    ms: int,
    client: str,
    code: str,
    size: int,
    method: str,
    url: str,
    number: int = BENIGN,
    *,
    user: str = "-",
    peer: str = "-",
    kind: str = "-",
    elapsed: int = 40,
) -> None:
    """Write one request; `code` is squid's result and status (`TCP_MISS/200`), `elapsed` in milliseconds."""
    hierarchy = "HIER_NONE" if peer == "-" else "HIER_DIRECT"
    stamp = f"{ms // 1000}.{ms % 1000:03}"
    line = f"{stamp} {elapsed:6} {client} {code} {size} {method} {url} {user} {hierarchy}/{peer} {kind}"
    book.add(FILE, ms, line, number, "PROXY01")
