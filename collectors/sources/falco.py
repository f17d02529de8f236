"""Falco: what its rules saw programs do on hosts and in containers.

Format: Falco documentation, "Alerts, JSON output": one object an alert, with `rule`, `priority`, `output` and what the
rule prints under `output_fields` (`proc.cmdline`, `fd.name`, `container.id`, `k8s.pod.name`).
"""

from __future__ import annotations

import re
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource, has
from collectors.cloud.values import inner, put_text, put_texts, text, texts
from collectors.json_fields import to_instant
from collectors.network.finish import finish
from collectors.source import Options
from engine.events import Fields

_TECHNIQUE: Final = re.compile(r"T\d{4}(?:\.\d{3})?", re.ASCII)
_KINDS: Final = {  # system calls: categories and type
    **dict.fromkeys(("execve", "execveat", "spawned_process", "clone", "fork", "vfork"), (("process",), "start")),
    **dict.fromkeys(("open", "openat", "openat2"), (("file",), "access")),
    **dict.fromkeys(("creat", "mkdir", "mkdirat", "symlink", "symlinkat", "link", "linkat"), (("file",), "creation")),
    **dict.fromkeys(("rename", "renameat", "renameat2", "chmod", "fchmodat", "chown"), (("file",), "change")),
    **dict.fromkeys(("unlink", "unlinkat", "rmdir"), (("file",), "deletion")),
    **dict.fromkeys(("connect", "accept", "accept4", "sendto", "recvfrom", "bind"), (("network",), "connection")),
}
_TEXTS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("process.name", ("proc.name",)),
    ("process.executable", ("proc.exepath", "proc.exe")),
    ("process.command_line", ("proc.cmdline",)),
    ("process.working_directory", ("proc.cwd",)),
    ("process.parent.name", ("proc.pname",)),
    ("process.parent.executable", ("proc.pexepath", "proc.pexe")),
    ("process.parent.command_line", ("proc.pcmdline",)),
    ("user.name", ("user.name", "ka.user.name")),
    ("user.id", ("user.uid",)),
    ("file.path", ("fs.path.name", "evt.arg.path", "evt.arg.name")),
    ("container.id", ("container.id",)),
    ("container.name", ("container.name",)),
    ("container.image.name", ("container.image.repository", "container.image")),
    ("orchestrator.namespace", ("k8s.ns.name",)),
    ("orchestrator.resource.name", ("k8s.pod.name",)),
)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one alert."""
    said = inner(document, "output_fields")
    if (moment := to_instant(document.get("time"), options.zone)) is not None:
        fields["@timestamp"] = moment
    fields["event.kind"] = "alert"
    call = text(said.get("evt.type"))
    known = _KINDS.get(call, (("process",), "start") if "proc.cmdline" in said else (("intrusion_detection",), "info"))
    fields["event.category"], fields["event.type"] = known[0], (known[1],)
    put_text("event.action", call, fields)
    put_text("rule.name", document.get("rule"), fields)
    put_text("log.level", text(document.get("priority")).lower(), fields)
    put_text("message", document.get("output"), fields)
    put_text("host.name", document.get("hostname"), fields)
    fields["host.os.type"] = "linux"
    tags = texts(document.get("tags"))
    if techniques := [tag for tag in tags if _TECHNIQUE.fullmatch(tag)]:
        fields["threat.technique.id"] = techniques
    put_texts(_TEXTS, said, fields)
    for name, key in (("process.pid", "proc.pid"), ("process.parent.pid", "proc.ppid")):
        put_count(fields, name, said.get(key))
    put_end(fields, "source", said.get("fd.cip"), said.get("fd.cport"))
    put_end(
        fields, "destination", said.get("fd.sip") or said.get("fd.rip"), said.get("fd.sport") or said.get("fd.rport")
    )
    if text(said.get("fd.typechar")) == "f":
        put_text("file.path", said.get("fd.name"), fields)
    spread("falco.", document, fields)


SOURCE: Final = JsonSource(
    name="falco",
    aliases=("falco_alerts",),
    title="Falco's alerts",
    dataset="falco.alerts",
    owns=has("rule", "priority", "output", "output_fields"),
    marks=((b'"output_fields"', b'"priority"', b'"rule"'),),
    read=read,
    finish=finish,
)
