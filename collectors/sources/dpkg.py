"""dpkg's log: packages installed, upgraded, configured and removed on Debian and Ubuntu.

Format: dpkg(1), "--log" (`YYYY-MM-DD HH:MM:SS action package:arch installed-version available-version`, `status ...`,
`startup ...`, `conffile ...`). Stamps are in the machine's zone.
"""

from __future__ import annotations

import re

from collectors.network.times import instant_of
from collectors.sensors.line import LineSource
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_LINE = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:"
    r"(?P<action>install|upgrade|configure|trigproc|disappear|remove|purge) (?P<package>[\w.+\-]{1,200})"
    r"(?::(?P<arch>[\w\-]{1,20}))? (?P<before>\S{1,200}) (?P<after>\S{1,200})"
    r"|status (?P<state>[a-z\-]{4,20}) (?P<of>[\w.+\-]{1,200})(?::(?P<of_arch>[\w\-]{1,20}))? (?P<version>\S{1,200})"
    r"|startup (?P<startup>[\w \-]{1,64})|conffile (?P<file>.{1,4096}) (?P<decision>install|keep))",
    re.DOTALL | re.ASCII,
)
_TYPES = {
    "install": "installation",
    "upgrade": "change",
    "configure": "change",
    "trigproc": "change",
    "disappear": "deletion",
    "remove": "deletion",
    "purge": "deletion",
}
_NONE = "<none>"


def _own(line: str) -> bool:
    return _LINE.fullmatch(line.strip()) is not None


def _read(line: str, options: Options) -> Fields:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise MalformedRecordError("no line of dpkg's log: stamp and an action, a status, a startup or a conffile")
    fields: Fields = {"event.dataset": "dpkg.log", "event.module": "dpkg", "event.kind": "event"}
    fields["event.category"], fields["message"] = ["package"], line.strip()
    moment = instant_of(found["stamp"], options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    if options.host:
        fields["host.name"] = options.host
    fields["event.action"] = found["action"] or found["state"] or ("startup" if found["startup"] else "conffile")
    fields["event.type"] = [_TYPES.get(found["action"] or "", "info")]
    name, arch = found["package"] or found["of"], found["arch"] or found["of_arch"]
    version = found["after"] if found["after"] not in {None, _NONE} else found["before"] or found["version"]
    for field, value in (("name", name), ("architecture", arch), ("version", version)):
        if value and value != _NONE:
            fields[f"package.{field}"] = value
    if found["file"]:
        fields["event.category"], fields["event.type"] = ["package", "configuration"], ["change"]
        fields["file.path"] = found["file"]
    return fields


SOURCE = LineSource(
    name="dpkg",
    aliases=("dpkg.log",),
    title="dpkg's log: packages installed, upgraded and removed",
    datasets=("dpkg.log",),
    own=_own,
    read=_read,
    weight=96,
)
