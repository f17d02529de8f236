"""Asking an X-Road security server over HTTP(S), as an information system that is a client of it does."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path

from collectors.pulling.address import ServerAddress
from collectors.pulling.seam import UnreachableError
from collectors.pulling.soap import Answer, FaultError, Server, answer, question
from engine.errors import ConfigurationError, InputError

_PATIENCE = 120.0  # seconds: a full answer takes the server some
_MOST = 256 * 1024 * 1024  # bytes of an answer
_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)  # TLS says so, and trusts as before
_HINT = "--tls-cert FILE --tls-key FILE are the client's certificate, --tls-ca FILE is the server's authority (all PEM)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The files that TLS needs: who signed the server's certificate, and the client's own certificate with its key."""

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


class XRoad:
    """One security server. `token` makes a new message id.

    Raise `ConfigurationError` where a certificate cannot be used.
    """

    def __init__(self, address: ServerAddress, trust: Trust, token: Callable[[], str]) -> None:
        self._address = address
        self._who = Server(client=address.client, server=address.server)
        self._token = token
        self._context = _context(trust) if address.secure else None

    def __str__(self) -> str:
        """Return the server's address."""
        scheme = "xroad+https" if self._address.secure else "xroad+http"
        return f"{scheme}://{self._address.host}:{self._address.port}/{self.name()}"

    def name(self) -> str:
        """Return the server's identifier: `INSTANCE/CLASS/MEMBER/SERVER`."""
        return "/".join(self._address.server)

    def ask(self, first: int, last: int) -> Answer:
        """Return what the server received from one Unix second to another."""
        asked = question(self._who, first=first, last=last, token=self._token())
        connection = self._connection()
        try:
            connection.request("POST", "/", asked, {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'})
            return self._answer(connection.getresponse())
        except (OSError, HTTPException) as error:
            if isinstance(error, ssl.SSLError) and not isinstance(error, _BROKEN_OFF):
                said = f"the connection is not trusted ({error})"
                raise ConfigurationError(said, where=str(self), hint=_HINT) from error
            hint = "check its address and the network; nothing is lost"
            raise UnreachableError(
                f"the security server does not answer ({error})", where=str(self), hint=hint
            ) from error
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        host, port = self._address.host, self._address.port
        if self._context is None:
            return HTTPConnection(host, port, timeout=_PATIENCE)
        return HTTPSConnection(host, port, timeout=_PATIENCE, context=self._context)

    def _answer(self, response: HTTPResponse) -> Answer:
        body = response.read(_MOST + 1)
        hint = "is this a security server's address for information systems (8080, 8443), or something before it?"
        if len(body) > _MOST:
            raise UnreachableError(f"an answer of more than {_MOST:,} bytes", where=str(self), hint=hint)
        try:
            return answer(response.getheader("content-type", ""), body)
        except FaultError:
            raise
        except InputError as error:
            said = f"no answer of a security server ({response.status}: {error})"
            raise UnreachableError(said, where=str(self), hint=hint) from error

    def close(self) -> None:
        """Let go of the connection: each question has its own."""


def _context(trust: Trust) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=trust.authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if trust.certificate is not None:
            context.load_cert_chain(trust.certificate, trust.key)
    except (OSError, ssl.SSLError) as error:
        where = str(trust.certificate or trust.authority)
        raise ConfigurationError(f"cannot use the certificate ({error})", where=where, hint=_HINT) from error
    return context
