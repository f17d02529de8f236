"""The rest of ECS for a web server's event: classification, outcome, copies of addresses, parts of the URL."""

from __future__ import annotations

import re
from urllib.parse import unquote

from engine.events import Fields, texts

_EXTENSION = re.compile(r"[A-Za-z0-9_]{1,16}", re.ASCII)
_ERROR_LEVELS = frozenset({"emerg", "alert", "crit", "error", "warn"})
_IP_FIELDS = ("source.ip", "destination.ip", "client.ip", "server.ip", "network.forwarded_ip")
_HOST_FIELDS = ("source.domain", "destination.domain", "url.domain", "host.name")


def complete(fields: Fields) -> Fields:
    """Complete an access or error event; changes and returns its argument."""
    fields["event.kind"] = "event"
    fields.setdefault("event.category", ["web"])
    if str(fields.get("event.dataset")).endswith(".error"):
        fields["event.type"] = ["error"] if fields.get("log.level", "error") in _ERROR_LEVELS else ["info"]
    else:
        fields["event.type"] = ["access"]
        _outcome(fields)
    for side in ("source", "destination", "client", "server"):
        known = fields.get(f"{side}.ip") or fields.get(f"{side}.domain")
        if known:
            fields.setdefault(f"{side}.address", known)
    module = fields.get("event.module")
    if isinstance(module, str):
        fields["service.type"] = module
    _extension(fields)
    _related(fields)
    return fields


def _outcome(fields: Fields) -> None:
    status = fields.get("http.response.status_code")
    if isinstance(status, int) and status > 0:
        fields.setdefault("event.outcome", "failure" if status >= 400 else "success")


def _extension(fields: Fields) -> None:
    path = fields.get("url.path")
    if isinstance(path, str):
        name = path.rpartition("/")[2]
        stem, dot, extension = unquote(name).rpartition(".")
        if stem and dot and _EXTENSION.fullmatch(extension):
            fields["url.extension"] = extension.lower()


def _related(fields: Fields) -> None:
    for name, sources in (
        ("related.ip", _IP_FIELDS),
        ("related.hosts", _HOST_FIELDS),
        ("related.user", ("user.name",)),
    ):
        members = dict.fromkeys(text for source in sources for text in texts(fields.get(source)))
        if members:
            fields[name] = list(members)
