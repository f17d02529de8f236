"""Where events carry what indicators look for: the fields of each kind, and how their values are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.folding import fold
from engine.indicators.model import Kind, NotUnderstoodError, normal

_HASHED = ("file", "process", "process.parent", "dll", "email.attachments.file")
_HASH_NAMES = ("md5", "sha1", "sha256", "sha512")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: the kind of its values, and which side of a connection or a message it tells of (empty: neither)."""

    name: str
    kind: Kind
    side: str = ""


def _all(kind: Kind, *names: str, side: str = "") -> tuple[Field, ...]:
    return tuple(Field(name=name, kind=kind, side=side) for name in names)


# Sigma's `Hashes` of Windows events stands in one text (SHA256=...,MD5=...), which is read as its hashes.
FIELDS: tuple[Field, ...] = (
    *_all("ip", "source.ip", "client.ip", "source.nat.ip", side="source"),
    *_all("ip", "destination.ip", "server.ip", "destination.nat.ip", side="destination"),
    *_all("ip", "dns.resolved_ip", "email.sender.ip", "network.forwarded_ip"),
    *_all("domain", "url.domain", "destination.domain", "server.domain", "dns.question.name", "tls.client.server_name"),
    *_all("domain", "source.domain", "client.domain", side="source"),
    *_all("url", "url.full", "url.original", "http.request.referrer"),
    *_all("hash", *(f"{holder}.hash.{name}" for holder in _HASHED for name in _HASH_NAMES)),
    *_all("hash", "winlog.event_data.Hashes", "tls.server.hash.sha256", "tls.server.hash.sha1"),
    *_all("filename", "file.name", "process.name", "process.pe.original_file_name", "email.attachments.file.name"),
    *_all("filename", "file.path", "process.executable", "process.parent.executable", "dll.path"),
    *_all("path", "file.path", "process.executable", "process.parent.executable", "dll.path"),
    *_all("email", "email.from.address", "email.sender.address", "email.reply_to.address", side="source"),
    *_all("email", "email.to.address", "email.cc.address", side="destination"),
    *_all("subject", "email.subject"),
    *_all("agent", "user_agent.original"),
    *_all("registry", "registry.path", "registry.key"),
    *_all("port", "source.port", side="source"),
    *_all("port", "destination.port", side="destination"),
)
_SPLIT = frozenset({"winlog.event_data.Hashes"})
_LONGEST = 16_384  # characters of a value that are looked at
_HIVES: Mapping[str, str] = {
    "hklm": "hkey_local_machine",
    "hkcu": "hkey_current_user",
    "hku": "hkey_users",
    "hkcr": "hkey_classes_root",
}


def values_of(field: Field, text: str) -> tuple[str, ...]:
    """Return what a field's value says, in the spelling in which indicators are compared; nothing where it is none."""
    text = text[:_LONGEST]
    if field.kind == "hash" and field.name in _SPLIT:
        parts = [part.partition("=")[2] or part for part in text.split(",")]
        return tuple(value for part in parts for value in _normal("hash", part))
    if field.kind == "filename":
        return _normal("filename", text.replace("\\", "/").rpartition("/")[2])
    if field.kind == "registry":
        return (registry(text),)
    if field.kind == "url" and "://" not in text:
        return ()  # a path alone does not say on whose machine
    return _normal(field.kind, text)


def registry(text: str) -> str:
    """Return a registry key with its hive written in full, in small letters."""
    hive, _, rest = fold(text.strip()).partition("\\")
    return "\\".join([_HIVES.get(hive, hive), rest])


def _normal(kind: Kind, text: str) -> tuple[str, ...]:
    try:
        return (normal(kind, text),)
    except NotUnderstoodError:
        return ()
