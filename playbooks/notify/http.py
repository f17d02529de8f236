"""Posting over HTTPS: to the address that was checked, certificates verified, no redirect followed, answers bounded."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from engine.errors import ConfigurationError
from engine.tables import Table
from playbooks.notify.channel import DeliveryError, House

MAX_ANSWER = 64 * 1024
_AGAIN = frozenset({408, 423, 425, 429})
_CONTENT = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "kulla"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A URL to post to. `authority` is a file of certificates to trust instead of the system's (empty: the system's).

    Plain `http` is for addresses that were listed as networks (a relay on this machine), never by default.
    """

    url: str
    house: House
    authority: str = ""
    plain: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def post(
        self, body: bytes, headers: Mapping[str, str], *, taken: frozenset[int] = frozenset()
    ) -> tuple[int, bytes]:
        """Post a document; return status and answer where it was taken (2xx, or one of `taken`).

        Raise `DeliveryError`, which says whether to try again; secrets in the URL are not in its words.
        """
        parts = split(self.url, plain=self.plain)
        host, port = parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
        try:
            connection = self._connection(parts.scheme, host, port)
        except (OSError, ConfigurationError) as error:
            raise DeliveryError(str(error), again=isinstance(error, OSError), where=host) from error
        try:
            path = parts.path or "/"
            path += f"?{parts.query}" if parts.query else ""
            connection.request("POST", path, body, {**_CONTENT, **self.headers, **headers})
            answer = connection.getresponse()
            content = answer.read(MAX_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            raise DeliveryError(f"no answer ({type(error).__name__}: {error})", where=host) from error
        finally:
            connection.close()
        if 200 <= answer.status < 300 or answer.status in taken:
            return answer.status, content
        wait = answer.getheader("Retry-After") or ""
        raise DeliveryError(
            f"refused with status {answer.status}",
            again=answer.status >= 500 or answer.status in _AGAIN,
            after=min(float(wait), 3600.0) if wait.isdigit() else 0.0,
            where=host,
        )

    def _connection(self, scheme: str, host: str, port: int) -> http.client.HTTPConnection:
        address = self.house.guard.address(host, port)
        opened = socket.create_connection((address, port), timeout=self.house.timeout)
        connection = http.client.HTTPConnection(host, port, timeout=self.house.timeout)
        try:
            connection.sock = (
                trusted(self.authority).wrap_socket(opened, server_hostname=host) if scheme == "https" else opened
            )
        except BaseException:
            opened.close()
            raise
        return connection


def trusted(authority: str) -> ssl.SSLContext:
    """Return the TLS settings for clients: certificates and names are verified, TLS 1.2 or newer."""
    context = ssl.create_default_context(cafile=authority or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def split(url: str, *, plain: bool) -> SplitResult:
    """Return the parts of a URL; raise `DeliveryError` for one that messages may not go to."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise DeliveryError(f"the URL is not valid ({error})", again=False) from error
    del port
    if parts.scheme != "https" and not (plain and parts.scheme == "http"):
        raise DeliveryError("the URL has to begin with https://", again=False, where=parts.hostname)
    if not parts.hostname or parts.username or parts.password or any(ord(letter) <= 32 for letter in url):
        raise DeliveryError("the URL has to name a host, without a user", again=False)
    return parts


def endpoint_of(table: Table, house: House, *, path: str = "", headers: Mapping[str, str] | None = None) -> Endpoint:
    """Return the address of a table: `url` (a secret may name it), `ca` (certificates to trust), `plain`."""
    return Endpoint(
        url=house.secret(table.text("url")).rstrip("/") + path if path else house.secret(table.text("url")),
        house=house,
        authority=table.text("ca", ""),
        plain=table.switch("plain", default=False),
        headers=headers or {},
    )
