"""Addresses to listen at: `syslog+tls://HOST:PORT`, `https://[::1]:9200`."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from engine.errors import ConfigurationError, UsageError

PORTS = {"syslog+udp": 514, "syslog+tcp": 601, "syslog+tls": 6514, "http": 9200, "https": 9200}
SECURE = frozenset({"syslog+tls", "https"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen, and how; port 0 takes a free one."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def local(self) -> bool:
        """Tell whether only this machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def address_of(word: str) -> Address:
    """Return the address that a word names; raise `UsageError` where it names none."""
    hint = "--listen syslog+tls://0.0.0.0:6514, or syslog+udp, syslog+tcp, http, https"
    try:
        parts = urlsplit(word)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{word!r} is no address ({error})", where="--listen", hint=hint) from error
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise UsageError(f"{word!r} is no address to listen at", where="--listen", hint=hint)
    return Address(scheme=parts.scheme, host=parts.hostname, port=PORTS[parts.scheme] if port is None else port)


def tls(certificate: Path, key: Path | None, authority: Path | None) -> ssl.SSLContext:
    """Return how TLS is spoken: TLS 1.2 and above; with an `authority`, clients must have a certificate of it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if authority is not None:
            context.load_verify_locations(authority)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        hint = "--tls-cert FILE --tls-key FILE, both PEM; --tls-client-ca FILE for certificates of clients"
        raise ConfigurationError(f"cannot use the certificate ({error})", where=str(certificate), hint=hint) from error
    return context
