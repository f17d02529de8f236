"""ECS fields of PowerShell's events: the classic channel (400, 403, 600, 800) and the operational one (4103 to 4106).

Both carry their context as lines: `HostApplication=..` in the classic channel's unnamed data, `Host Application = ..`
in `ContextInfo` of the other, in the language of the system; English and French are read.
"""

from __future__ import annotations

from typing import Final

from collectors.windows.fill import classify, datum, put, put_account, put_command, put_file, put_number
from collectors.windows.system import number_of
from engine.events import Fields

_TYPES: Final = {"400": "start", "403": "end", "4105": "start", "4106": "end"}
_CONTEXT: Final = {
    "commandline": "powershell.command.value",
    "commandname": "powershell.command.name",
    "commandpath": "powershell.command.path",
    "commandtype": "powershell.command.type",
    "engineversion": "powershell.engine.version",
    "hostid": "process.entity_id",
    "hostname": "process.title",
    "hostversion": "powershell.process.executable_version",
    "newenginestate": "powershell.engine.new_state",
    "newproviderstate": "powershell.provider.new_state",
    "pipelineid": "powershell.pipeline_id",
    "previousenginestate": "powershell.engine.previous_state",
    "providername": "powershell.provider.name",
    "runspaceid": "powershell.runspace_id",
    "shellid": "powershell.id",
}
_FRENCH: Final = {
    "applicationhôte": "hostapplication",
    "chemindelacommande": "commandpath",
    "idd'instanced'exécution": "runspaceid",
    "iddel'hôte": "hostid",
    "iddepipeline": "pipelineid",
    "nomdel'hôte": "hostname",
    "nomdelacommande": "commandname",
    "nomduscript": "scriptname",
    "numérodeséquence": "sequencenumber",
    "typedecommande": "commandtype",
    "utilisateur": "user",
    "utilisateurconnecté": "connecteduser",
    "versiondel'hôte": "hostversion",
    "versiondumoteur": "engineversion",
}
_MOST_LINES: Final = 200


def powershell(fields: Fields) -> None:
    """Add the ECS fields of a PowerShell event."""
    code = str(fields.get("event.code", ""))
    classify(fields, ("process",), (_TYPES.get(code, "info"),), None)
    context = _context(fields, code)
    for name, target in _CONTEXT.items():
        put(fields, target, context.get(name))
    put_command(fields, "process", context.get("hostapplication"))
    put_number(fields, "event.sequence", "SequenceNumber")
    sequence = number_of(context.get("sequencenumber", ""))
    put(fields, "event.sequence", sequence)
    put_account(fields, "user", context.get("user") or context.get("userid"))
    if context.get("connecteduser"):
        put_account(fields, "source.user", context["connecteduser"])
    put(fields, "powershell.file.script_block_id", datum(fields, "ScriptBlockId"))
    put(fields, "powershell.file.script_block_text", datum(fields, "ScriptBlockText"))
    put_number(fields, "powershell.sequence", "MessageNumber", "DetailSequence")
    put_number(fields, "powershell.total", "MessageTotal", "DetailTotal")
    put(fields, "powershell.runspace_id", datum(fields, "RunspaceId"))
    put_file(fields, datum(fields, "Path") or context.get("scriptname"))


def _context(fields: Fields, code: str) -> dict[str, str]:
    text = datum(fields, "ContextInfo", "param2" if code == "800" else "param3") or ""
    found: dict[str, str] = {}
    for line in text.replace("\r", "\n").split("\n")[:_MOST_LINES]:
        name, equals, value = line.partition("=")
        if equals and len(name) < 80:
            word = "".join(name.replace("\u2019", "'").split()).lower()
            found.setdefault(_FRENCH.get(word, word), value.strip())
    return {name: value for name, value in found.items() if value}
