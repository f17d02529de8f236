"""Reading a log in which a server's access and error lines stand in any mixture."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from datetime import tzinfo

from collectors.framing import decode
from collectors.host.programs import refuse_others
from collectors.source import Options, Record
from collectors.syslog import parse_header
from collectors.waf.modsec_message import read_alert
from collectors.web.access import read_access
from collectors.web.complete import complete
from collectors.web.continued import continuation
from collectors.web.jsonlog import read_json
from collectors.web.relayed import relayed
from engine.errors import MalformedRecordError
from engine.events import Fields

# Where the server's message begins so, its firewall wrote it; in the middle of one a client may have.
_ALERT = re.compile(r"(?:\[client [^\]\s]{1,80}\] ){0,2}(?:ModSecurity|Coraza): ", re.ASCII)


class MixedParser(ABC):
    """Reads access, JSON and error lines; a line behind an error that has no stamp continues it.

    Servers let programs write to their error log as they like, so such lines are evidence (a shell's complaint, the
    output of a downloader), not noise. `module` is the server's (`apache` or `nginx`).
    """

    module: str

    def __init__(self, options: Options) -> None:
        self._options = options
        self._zone = options.zone
        self._host = options.host
        self._last_error: Fields | None = None

    @abstractmethod
    def error(self, line: str, zone: tzinfo) -> Fields | None:
        """Return the fields of an error line, None for any other."""

    def own(self, line: str, zone: tzinfo) -> Fields | None:  # noqa: ARG002 - most servers have no form of their own
        """Return the fields of a line in a form that only this server has, None for any other."""
        return None

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; see `Parser`."""
        line = decode(record.raw).strip(" \x00")
        if not line:
            return None
        if line[0].isupper():  # the month of a syslog stamp
            refuse_others(parse_header(line, self._options), self.module)
        host, start = relayed(line)
        if start == len(line):
            raise MalformedRecordError("a header of syslog with nothing behind it")
        fields = self._read(line[start:], headed=host is not None)
        if host is not None:
            fields["host.name"] = host
            if "@timestamp" not in fields and (moment := parse_header(line, self._options).timestamp) is not None:
                fields["@timestamp"] = moment
        if self._host is not None:
            fields.setdefault("host.name", self._host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; see `Parser`."""
        return complete(fields)

    def _read(self, line: str, *, headed: bool) -> Fields:
        if line[0] == "{":
            fields = read_json(line, self.module, self._zone)
            self._last_error = None
            return fields
        own = self.own(line, self._zone)
        if own is not None:
            return own
        error = self.error(line, self._zone)
        if error is not None and ("@timestamp" in error or headed):  # syslog's header has the stamp
            if _ALERT.match(str(error.get("message", ""))):
                read_alert(line, error)
            self._last_error = error
            return dict(error)
        try:
            fields = read_access(line, self.module, self._zone)
        except MalformedRecordError:
            if self._last_error is None:
                raise
            return continuation(line, self._last_error)
        self._last_error = None
        return fields
