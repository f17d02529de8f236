"""IIS in W3C extended format: the default fields of IIS 10 with `sc-bytes` and `cs-bytes`, in UTC."""

from __future__ import annotations

from playbooks.exercises.logbook import BENIGN, HEADER, LogBook
from playbooks.exercises.moments import DAY, iso_day, spaced

_FIELDS = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status "
    "sc-substatus sc-win32-status sc-bytes cs-bytes time-taken"
)


class IisSite:
    """One web site's log: a file a day, each with its header."""

    def __init__(self, book: LogBook, host: str, address: str) -> None:
        self.host = host
        self._book = book
        self._address = address
        self._opened: set[str] = set()

    def file(self, ms: int) -> str:
        """Return the file that holds this instant."""
        return f"iis/{self.host}/W3SVC1/u_ex{iso_day(ms).replace('-', '')[2:]}.log"

    def header(self, ms: int) -> None:
        """Write the four lines that IIS writes when it starts; those at the top of a day's file come by themselves."""
        lines = (
            "#Software: Microsoft Internet Information Services 10.0",
            "#Version: 1.0",
            f"#Date: {spaced(ms)}",
            f"#Fields: {_FIELDS}",
        )
        for line in lines:
            self._book.add(self.file(ms), ms, line, HEADER)

    def request(  # noqa: PLR0917 - in the order of the record
        self,
        ms: int,
        method: str,
        path: str,
        query: str,
        client: str,
        agent: str,
        status: str,
        number: int = BENIGN,
        *,
        user: str = "-",
        referer: str = "-",
        port: int = 443,
        sent: int = 0,
        received: int = 0,
        taken: int = 15,
    ) -> None:
        """Write one request. `status` is `sc-status sc-substatus sc-win32-status`; `sent` and `received` are bytes
        from the server's side (`sc-bytes`, `cs-bytes`); `taken` is in milliseconds. Blanks become `+`, as IIS does.
        """
        file = self.file(ms)
        if file not in self._opened:
            self._opened.add(file)
            self.header(ms - ms % DAY)
        line = (
            f"{spaced(ms)} {self._address} {method} {path} {query or '-'} {port} {user} {client} "
            f"{agent.replace(' ', '+') or '-'} {referer} {status} {sent} {received} {taken}"
        )
        self._book.add(file, ms, line, number, self.host)
