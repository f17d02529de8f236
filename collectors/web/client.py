"""Who asked, and whom: what stands in front of the stamp of an access log line.

Shapes: `client ident user`, `vhost[:port] client ident user`, `client, proxy, proxy - user`,
`"client, proxy" peer - user`, `vhost client - request-id user`, and each of them behind the header
that syslog puts in front.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from collectors.web.address import Endpoint, endpoint, first_public
from collectors.web.relayed import relayed
from engine.events import Value

# Filebeat's apache module keeps the dash for no account and no referrer, its nginx module drops it; dashboards and
# rules are written for what they find there. Rules see a dash and nothing as the same (see engine.sigma.partitions).
KEEPS_DASH = frozenset({"apache"})
REMEMBERED = 400  # characters; longer texts are read each time, so that the memory of them stays bounded
_REQUEST_ID = re.compile(r"[0-9a-f]{32}")


def place(prefix: str, module: str) -> Mapping[str, Value]:
    """Return the fields that the text in front of the stamp gives: source, destination, `url.domain`, `user.name`."""
    return _place(prefix, module) if len(prefix) <= REMEMBERED else _place.__wrapped__(prefix, module)


@lru_cache(maxsize=16384)
def _place(prefix: str, module: str) -> Mapping[str, Value]:
    fields: dict[str, Value] = {}
    host, start = relayed(prefix)
    if host is not None:
        fields["host.name"] = host
        prefix = prefix[start:]
    who, behind = _divide(prefix.split())
    vhost, chain = _virtual_host_and_chain(who, module)
    if vhost is not None:
        host_fields(vhost, fields)
    if chain:
        source_fields(first_public(chain), fields)
    if len(chain) > 1:
        fields[f"{module}.access.remote_ip_list"] = tuple(chain)
    if len(behind) == 3 and _REQUEST_ID.fullmatch(behind[1]):
        fields["http.request.id"] = behind.pop(1)
    user = " ".join(behind[1:]).strip('"')
    if user == "-" and module in KEEPS_DASH:
        fields["user.name"] = user
    user_fields(user, fields)
    return MappingProxyType(fields)


def source_fields(client: str, fields: dict[str, Value]) -> None:
    """Put the client into `source.ip`, or `source.domain` where the log holds a name; `source.port` if it is there."""
    source = endpoint(client)
    if source.ip is not None:
        fields["source.ip"] = source.ip
    elif source.domain is not None:
        fields["source.domain"] = source.domain
    elif client not in {"", "-"}:
        fields["source.address"] = client
    if source.port is not None:
        fields["source.port"] = source.port


def user_fields(text: str, fields: dict[str, Value]) -> None:
    """Put an account into `user.name`, and what stands in front of its backslash (`GOV\\anna`) into `user.domain`.

    Apache writes the backslash twice and nginx as `\\x5C`.
    """
    if text in {"", "-"}:
        return
    domain, mark, name = text.replace("\\x5C", "\\").replace("\\\\", "\\").partition("\\")
    if mark and name:
        fields["user.domain"] = domain
        fields["user.name"] = name
    else:
        fields["user.name"] = text


def destination_fields(host: Endpoint, fields: dict[str, Value]) -> None:
    """Put the server's end into `destination.ip`, `destination.domain` and `destination.port`."""
    if host.ip is not None:
        fields["destination.ip"] = host.ip
    if host.domain is not None:
        fields["destination.domain"] = host.domain
    if host.port is not None:
        fields["destination.port"] = host.port


def host_fields(text: str, fields: dict[str, Value]) -> None:
    """Put the virtual host that answered into `destination.*`, and its name into `url.domain`."""
    host = endpoint(text)
    destination_fields(host, fields)
    if host.domain is not None:
        fields["url.domain"] = host.domain


def _divide(parts: list[str]) -> tuple[list[str], list[str]]:
    """Return the parts that name hosts, and those behind them (the identity of identd, then the user)."""
    count = min(1, len(parts))
    while count < len(parts) and _names_host(parts, count):
        count += 1
    return parts[:count], parts[count:]


def _names_host(parts: list[str], index: int) -> bool:
    part = parts[index]
    if parts[index - 1].endswith(",") or part.endswith(",") or endpoint(part.strip('"')).ip is not None:
        return True
    return index == 1 and part != "-" and len(parts) > 3 and parts[2] == "-"


def _virtual_host_and_chain(who: list[str], module: str) -> tuple[str | None, list[str]]:
    """Tell the virtual host in front from the clients: Apache's `%v` is a name, nginx's may be an address."""
    if len(who) < 2 or who[0].startswith('"') or who[0].endswith(","):
        return None, _chain(who)
    first = endpoint(who[0])
    if module == "apache" and first.ip is not None and first.port is None:
        return None, _chain(who)
    return who[0], _chain(who[1:])


def _chain(who: list[str]) -> list[str]:
    return [name for part in who if (name := part.strip('",')) not in {"", "-"}]
