"""Syslog: RFC 5424 frames over TLS or TCP (RFC 6587, octet counting) or UDP, with CEF or JSON as the message.

CEF is ArcSight's Common Event Format, version 0: in the header `\\` and `|` are escaped, in extensions `\\` and `=`.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from datetime import UTC

from engine.alerts import Level
from engine.errors import ConfigurationError
from engine.events import instant
from engine.tables import Table
from playbooks.notify.channel import Channel, DeliveryError, House
from playbooks.notify.channels.webhook import document
from playbooks.notify.http import trusted
from playbooks.notify.message import Message

KIND = "syslog"
_SEVERITY = {Level.CRITICAL: 2, Level.HIGH: 3, Level.MEDIUM: 4, Level.LOW: 5, Level.INFORMATIONAL: 6}
_CEF = {Level.CRITICAL: 10, Level.HIGH: 8, Level.MEDIUM: 5, Level.LOW: 3, Level.INFORMATIONAL: 1}
_MOST_UDP = 2048  # bytes that every receiver has to take are 480, and should take 2048 (RFC 5424, 6.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Syslog:
    """A syslog receiver. `transport` is `tls`, `tcp` or `udp`; `form` is `cef` or `json`."""

    host: str
    port: int
    transport: str
    authority: str
    form: str
    facility: int
    hostname: str
    house: House

    def send(self, message: Message) -> None:
        """Send one frame."""
        frame = self.frame(message)
        try:
            address = self.house.guard.address(self.host, self.port)
            if self.transport == "udp":
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                with socket.socket(family, socket.SOCK_DGRAM) as sender:
                    sender.sendto(frame[:_MOST_UDP], (address, self.port))
                return
            with socket.create_connection((address, self.port), timeout=self.house.timeout) as opened:
                self._write(opened, b"%d " % len(frame) + frame)
        except OSError as error:
            raise DeliveryError(f"not sent ({type(error).__name__}: {error})", where=self.host) from error
        except ConfigurationError as error:
            raise DeliveryError(str(error), again=False, where=self.host) from error

    def _write(self, opened: socket.socket, framed: bytes) -> None:
        if self.transport == "tls":
            with trusted(self.authority).wrap_socket(opened, server_hostname=self.host) as wrapped:
                wrapped.sendall(framed)
                wrapped.unwrap()  # the receiver's closing answer: it has read everything
            return
        opened.sendall(framed)
        opened.shutdown(socket.SHUT_WR)
        opened.recv(1)  # waits until the receiver has read everything and closes

    def frame(self, message: Message) -> bytes:
        """Return the frame (RFC 5424, 6): the key is the structured data's `key`."""
        priority = self.facility * 8 + _SEVERITY[message.level]
        stamp = instant(message.at.astimezone(UTC))
        text = cef(message) if self.form == "cef" else json.dumps(document(message), sort_keys=True)
        data = f'[kulla@32473 key="{message.key}" about="{message.about}" level="{message.level.label}"]'
        return f"<{priority}>1 {stamp} {self.hostname} kulla - {message.about} {data} \ufeff{text}".encode()


def cef(message: Message) -> str:
    """Return the message in CEF."""
    number = str(message.data.get("rule.id") or message.about)
    head = "|".join(_head(part) for part in ("kulla", "kulla", "1", number, message.title))
    parts = {
        "externalId": message.subject,
        "rt": str(int(message.at.timestamp() * 1000)),
        "cs1Label": "key",
        "cs1": message.key,
        "cs2Label": "firstStep",
        "cs2": message.first_step,
        **{name: value for field, name in _FIELDS.items() if (value := _first(message.data.get(field)))},
        "msg": "; ".join(f"{label}: {value}" for label, value in message.facts),
    }
    return f"CEF:0|{head}|{_CEF[message.level]}|" + " ".join(f"{name}={_value(value)}" for name, value in parts.items())


_FIELDS = {"source.ip": "src", "destination.ip": "dst", "host.name": "dhost", "user.name": "duser"}


def _first(value: object) -> str:
    found = value[0] if isinstance(value, list) and value else value
    return str(found) if found else ""


def _head(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("\r", " ")


def _value(text: str) -> str:
    return text.replace("\\", "\\\\").replace("=", "\\=").replace("\n", "\\n").replace("\r", "\\r")


def open_channel(table: Table, house: House) -> Channel:
    """Return the channel: `host`, `port`, `transport`, `ca`, `form`, `facility` (0 to 23), `hostname`."""
    transport = table.word("transport", ("tls", "tcp", "udp"), "tls")
    hostname = table.text("hostname", "-")
    if not all(33 <= ord(letter) <= 126 for letter in hostname) or len(hostname) > 255:
        raise table.error("hostname", "printable ASCII without blanks is wanted")
    return Syslog(
        host=table.text("host"),
        port=table.number("port", 6514 if transport == "tls" else 514, least=1, most=65535),
        transport=transport,
        authority=table.text("ca", ""),
        form=table.word("form", ("cef", "json"), "cef"),
        facility=table.number("facility", 13, most=23),  # 13: log audit
        hostname=hostname,
        house=house,
    )
