"""The rest of ECS for a web server's event: classification, outcome, copies of addresses, parts of the URL."""

from __future__ import annotations

import re
from urllib.parse import unquote

from collectors.databases.ends import also
from engine.events import Fields

_EXTENSION = re.compile(r"[A-Za-z0-9_]{1,16}", re.ASCII)
_ERROR_LEVELS = frozenset({"emerg", "alert", "crit", "error", "warn"})
_ADDRESSES = tuple(
    (f"{side}.address", f"{side}.ip", f"{side}.domain") for side in ("source", "destination", "client", "server")
)
_RELATED = (
    ("related.ip", ("source.ip", "destination.ip", "client.ip", "server.ip", "network.forwarded_ip")),
    ("related.hosts", ("source.domain", "destination.domain", "url.domain", "host.name")),
    ("related.user", ("user.name",)),
)


def complete(fields: Fields) -> Fields:
    """Complete an access or error event; changes and returns its argument."""
    if fields.setdefault("event.kind", "event") == "alert":  # of a web application firewall inside the server
        also(fields, "event.category", ("web",))
    fields.setdefault("event.category", ["web"])
    if str(fields.get("event.dataset")).endswith(".error"):
        also(fields, "event.type", ("error" if fields.get("log.level", "error") in _ERROR_LEVELS else "info",))
    else:
        fields["event.type"] = ["access"]
        _outcome(fields)
    for address, ip, domain in _ADDRESSES:
        known = fields.get(ip) or fields.get(domain)
        if known:
            fields.setdefault(address, known)
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
        stem, dot, text = path.rpartition("/")[2].rpartition(".")
        if stem and dot and (found := extension(text)) is not None:
            fields["url.extension"] = found


def extension(text: str) -> str | None:
    """Return what `url.extension` says of the text behind a path's last point, None where it is no extension."""
    text = unquote(text)
    return text.lower() if _EXTENSION.fullmatch(text) else None


def _related(fields: Fields) -> None:
    for name, sources in _RELATED:
        members = {text: None for source in sources if isinstance(text := fields.get(source), str) and text != "-"}
        if members:
            fields[name] = list(members)
