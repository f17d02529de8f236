"""Where a cluster is reached and as whom: everything that is needed to open a store on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from engine.errors import ConfigurationError

_PREFIX = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}\Z")
_HINT = "kulla store init --store https://HOST:9200 --api-key-file FILE"
DEFAULT_PREFIX = "kulla"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A cluster's nodes (`scheme, host, port, path`), the credentials, and the prefix of all index names.

    `api_key` is the encoded form (`id:key` in Base64) that Elasticsearch hands out. `timeout` is of one request and
    `patience` of all tries of one request together, in seconds.
    """

    nodes: tuple[tuple[str, str, int, str], ...]
    api_key: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    prefix: str = DEFAULT_PREFIX
    timeout: float = 60.0
    patience: float = 120.0

    @property
    def location(self) -> str:
        """Return the first node's address without credentials, for people."""
        scheme, host, port, path = self.nodes[0]
        shown = f"[{host}]" if ":" in host else host
        return f"{scheme}://{shown}:{port}{path}"


def address(
    urls: str,
    *,
    api_key: str = "",
    api_key_file: Path | None = None,
    ca_file: Path | None = None,
    prefix: str = DEFAULT_PREFIX,
    patience: float = 120.0,
) -> Address:
    """Return the address that these settings describe; `urls` may name several nodes, separated by commas.

    Raise `ConfigurationError` with the setting that is wrong.
    """
    nodes = []
    user = password = ""
    for url in urls.split(","):
        node, user_here, password_here = _node(url.strip())
        nodes.append(node)
        user, password = user or user_here, password or password_here
    if not _PREFIX.match(prefix):
        raise ConfigurationError(
            f"{prefix!r} cannot begin the name of an index", where="elasticsearch.prefix", hint="small letters, digits"
        )
    if ca_file is not None and not ca_file.is_file():
        raise ConfigurationError("there is no such CA file", where=str(ca_file), hint="--ca-file FILE in PEM form")
    key = _key(api_key_file) if api_key_file is not None else api_key.strip()
    return Address(
        nodes=tuple(nodes),
        api_key=key,
        user=user,
        password=password,
        ca_file=ca_file,
        prefix=prefix,
        patience=patience,
    )


def _node(url: str) -> tuple[tuple[str, str, int, str], str, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"not an address of a cluster: {error}", where="store", hint=_HINT) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError(
            "the address of a cluster begins with https:// and names a host", where="store", hint=_HINT
        )
    known = (parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 9200), parts.path.rstrip("/"))
    return known, parts.username or "", parts.password or ""


def _key(path: Path) -> str:
    try:
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not ASCII text"
        raise ConfigurationError(f"cannot read the API key ({reason})", where=str(path), hint=_HINT) from error
    if not key or any(sign.isspace() for sign in key):
        raise ConfigurationError("one line with the encoded API key is wanted", where=str(path), hint=_HINT)
    return key
