"""Addresses to pull from: `s3://BUCKET/PREFIX`, `kafka://HOST[:PORT],.../TOPIC`, `xroad+https://HOST/SERVER?client=...`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

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


def no_address(word: str, kind: str) -> UsageError:
    """Return the error for a word that is no address of this kind."""
    return UsageError(f"{word!r} is no address to pull from", where=word, hint=f"kulla collect {_FORMS[kind]}")
