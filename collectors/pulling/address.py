"""Addresses to pull from: `s3://BUCKET/PREFIX`, `kafka://HOST[:PORT],.../TOPIC`, `xroad+https://HOST/SERVER?client=...`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from engine.errors import UsageError

SCHEMES = ("s3", "kafka", "xroad+http", "xroad+https")
_FORMS = {
    "s3": "s3://BUCKET/PREFIX",
    "kafka": "kafka://HOST:PORT,HOST:PORT/TOPIC",
    "xroad": "xroad+https://HOST/INSTANCE/CLASS/MEMBER/SERVER?client=INSTANCE/CLASS/MEMBER/SUBSYSTEM",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketAddress:
    """A bucket, and how its objects' keys begin."""

    bucket: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicAddress:
    """A topic, and the brokers that are asked for it (`HOST:PORT`)."""

    brokers: tuple[str, ...]
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """An X-Road security server, where it is reached, and the client that asks; identifiers part by part."""

    secure: bool
    host: str
    port: int
    server: tuple[str, ...]
    client: tuple[str, ...]


def scheme_of(word: str) -> str | None:
    """Return the scheme of an address to pull from, None for a word that is none (a path)."""
    scheme, found, _ = word.partition("://")
    return scheme.lower() if found and scheme.lower() in SCHEMES else None


def bucket_address(word: str) -> BucketAddress:
    """Return the bucket and prefix of `s3://BUCKET/PREFIX`; what follows the bucket is taken as it stands."""
    bucket, _, prefix = word.partition("://")[2].partition("/")
    if not bucket or "@" in bucket or "?" in bucket:
        raise no_address(word, "s3")
    return BucketAddress(bucket=bucket, prefix=prefix)


def topic_address(word: str) -> TopicAddress:
    """Return the brokers and the topic of `kafka://HOST:PORT,HOST:PORT/TOPIC`; the port is 9092 where none is named."""
    hosts, _, topic = word.partition("://")[2].partition("/")
    brokers = tuple(_with_port(host, word) for host in hosts.split(",") if host)
    if not brokers or not topic or any(letter in topic for letter in "/?#@,"):
        raise no_address(word, "kafka")
    return TopicAddress(brokers=brokers, topic=topic)


def _with_port(host: str, word: str) -> str:
    try:
        parts = urlsplit(f"//{host}")
        port = parts.port or 9092
    except ValueError as error:
        raise no_address(word, "kafka") from error
    if not parts.hostname or parts.username or parts.path or parts.query:
        raise no_address(word, "kafka")
    return f"[{parts.hostname}]:{port}" if ":" in parts.hostname else f"{parts.hostname}:{port}"


def server_address(word: str) -> ServerAddress:
    """Return what `xroad+https://HOST:PORT/INSTANCE/CLASS/MEMBER/SERVER?client=INSTANCE/CLASS/MEMBER/SUBSYSTEM` says.

    The client may be a member without a subsystem. Where no port is named, it is 8443, or 8080 for `xroad+http`. In
    identifiers, %2F is a slash.
    """
    try:
        parts = urlsplit(word)
        port = parts.port
    except ValueError as error:
        raise no_address(word, "xroad") from error
    secure = parts.scheme == "xroad+https"
    name, _, client = parts.query.partition("=")
    identifiers = _identifier(parts.path.strip("/")), _identifier(client)
    fit = len(identifiers[0]) == 4 and len(identifiers[1]) in {3, 4} and name == "client"
    if not fit or not all(map(all, identifiers)) or not parts.hostname or parts.username or parts.fragment:
        raise no_address(word, "xroad")
    port = port or (8443 if secure else 8080)
    return ServerAddress(secure=secure, host=parts.hostname, port=port, server=identifiers[0], client=identifiers[1])


def _identifier(text: str) -> tuple[str, ...]:
    return tuple(unquote(part) for part in text.split("/"))


def no_address(word: str, kind: str) -> UsageError:
    """Return the error for a word that is no address of this kind."""
    return UsageError(f"{word!r} is no address to pull from", where=word, hint=f"kulla collect {_FORMS[kind]}")
