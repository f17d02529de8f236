"""nginx's `combined` access log of the e-services portal."""

from __future__ import annotations

from playbooks.exercises.logbook import BENIGN, LogBook
from playbooks.exercises.moments import web_stamp

FILE = "nginx/portal-access.log"


def request(  # noqa: PLR0917 - in the order of the record
    book: LogBook,
    ms: int,
    client: str,
    line: str,
    status: int,
    size: int,
    agent: str,
    number: int = BENIGN,
    *,
    referer: str = "-",
    user: str = "-",
) -> None:
    """Write one request; `line` is the request line without its protocol (`GET /`), `size` the body's bytes."""
    book.add(
        FILE,
        ms,
        f'{client} - {user} [{web_stamp(ms)}] "{line} HTTP/1.1" {status} {size} "{referer}" "{agent}"',
        number,
        "portal",
    )
