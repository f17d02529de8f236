"""E-mail over SMTP with TLS: plain text alone, so that nothing from a log is rendered. The key is the Message-ID."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from engine.errors import ConfigurationError
from engine.tables import Table
from playbooks.notify.channel import Channel, DeliveryError, House
from playbooks.notify.http import trusted
from playbooks.notify.message import Message

KIND = "mail"
_PERMANENT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail server and who is written to. `tls` is `starttls`, `tls` (at once), or `none` (a local relay)."""

    host: str
    port: int
    tls: str
    authority: str
    user: str
    password: str
    sender: str
    to: tuple[str, ...]
    house: House

    def send(self, message: Message) -> None:
        """Hand the mail to the server."""
        mail = letter(message, self.sender, self.to)
        try:
            address = self.house.guard.address(self.host, self.port)
            with self._server(address) as server:
                if self.user:
                    server.login(self.user, self.password)
                refused = server.send_message(mail, self.sender, list(self.to))
        except smtplib.SMTPResponseException as error:
            raise DeliveryError(
                f"the server answered {error.smtp_code}", again=error.smtp_code < _PERMANENT, where=self.host
            ) from error
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            raise DeliveryError(
                "every recipient was refused", again=min(codes) < _PERMANENT, where=self.host
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryError(f"no delivery ({type(error).__name__}: {error})", where=self.host) from error
        except ConfigurationError as error:
            raise DeliveryError(str(error), again=False, where=self.host) from error
        if refused:  # the others have it: sending it again would double it for them
            raise DeliveryError(
                f"refused for {len(refused)} of {len(self.to)} recipients", again=False, where=self.host
            )

    def _server(self, address: str) -> smtplib.SMTP:
        context = trusted(self.authority)
        name = self.host
        if self.tls == "tls":
            return _Tls(name, address, self.port, context, self.house.timeout)
        server = _Plain(name, address, self.port, self.house.timeout)
        if self.tls == "starttls":
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server


class _Plain(smtplib.SMTP):
    """Connects to the address that was checked; the certificate is compared with the server's name."""

    def __init__(self, name: str, address: str, port: int, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._host = name  # what `starttls` compares the certificate with
        code, words = self.connect(address, port)
        if code != 220:
            self.close()
            raise smtplib.SMTPConnectError(code, words)


class _Tls(smtplib.SMTP_SSL):
    def __init__(self, name: str, address: str, port: int, context: ssl.SSLContext, timeout: float) -> None:
        super().__init__(timeout=timeout, context=context)
        self._host = name  # what `_get_socket` compares the certificate with
        code, words = self.connect(address, port)
        if code != 220:
            self.close()
            raise smtplib.SMTPConnectError(code, words)


def letter(message: Message, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """Return the mail."""
    mail = EmailMessage(policy=SMTP)
    domain = sender.rpartition("@")[2] or "kulla.invalid"
    mail["Subject"] = message.title
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Date"] = format_datetime(max(message.at, datetime(1970, 1, 1, tzinfo=UTC)))
    mail["Message-ID"] = f"<{message.key}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = message.lang
    mail["X-Kulla-Key"] = message.key
    mail.set_content(message.text() + "\n", charset="utf-8")
    return mail


def open_channel(table: Table, house: House) -> Channel:
    """Return the channel: `host`, `port`, `tls`, `ca`, `user`, `password` (a secret), `from`, `to` (a list)."""
    tls = table.word("tls", ("starttls", "tls", "none"), "starttls")
    sender, to = table.text("from"), table.texts("to")
    for address in (sender, *to):
        if not _is_address(address):
            raise table.error("to", f"{address!r} is no mail address")
    if not to:
        raise table.error("to", "at least one address is wanted")
    password = table.text("password", "")
    return Mail(
        host=table.text("host"),
        port=table.number("port", 465 if tls == "tls" else 587, least=1, most=65535),
        tls=tls,
        authority=table.text("ca", ""),
        user=table.text("user", ""),
        password=house.secret(password) if password else "",
        sender=sender,
        to=to,
        house=house,
    )


def _is_address(text: str) -> bool:
    name, _, domain = text.rpartition("@")
    allowed = all(letter.isprintable() and letter not in ' <>,;:"()[]\\' for letter in text)
    return bool(name) and bool(domain) and allowed
