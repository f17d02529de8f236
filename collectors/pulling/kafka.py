"""Topics of Apache Kafka (and what speaks its protocol), through confluent-kafka, which is librdkafka.

How brokers are reached safely (TLS, SASL) is told by librdkafka's own properties (`security.protocol`, `ssl.*`,
`sasl.*`): https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from types import ModuleType
from typing import Any, Final

from collectors.pulling.address import TopicAddress
from collectors.pulling.seam import UnreachableError
from collectors.pulling.topic import Astray, End, Extent, Fetched, Item
from engine.errors import ConfigurationError

_ANSWER = 15.0  # seconds that a question may take
_TRIES = 5
_OWN: Final[Mapping[str, object]] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "error",  # where to begin is decided here
    "isolation.level": "read_committed",
    "check.crcs": True,
    "log_level": 0,  # what it has to say comes by `error_cb`
}
_DEFAULTS: Final[Mapping[str, object]] = {
    "group.id": "kulla",  # it wants one; no group is joined
    "queued.max.messages.kbytes": 32 * 1024,
    "fetch.max.bytes": 16 * 1024 * 1024,
    "reconnect.backoff.max.ms": 5000,
}
_REFUSED: Final = frozenset({*_OWN, "bootstrap.servers", "metadata.broker.list", "plugin.library.paths"})
_HINT = "--client-config FILE holds librdkafka's properties: security.protocol=SASL_SSL, ssl.ca.location=..."


def properties(text: str, where: str) -> dict[str, str]:
    """Read `name=value` lines; raise `ConfigurationError` for one that is none, or that is kulla's to set."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not name:
            raise ConfigurationError("NAME=VALUE is wanted", where=f"{where}:{number}", hint=_HINT)
        if name in _REFUSED:
            raise ConfigurationError(f"{name} is not to be set", where=f"{where}:{number}", hint=_HINT)
        found[name] = value
    return found


class Kafka:
    """One topic. Raise `ConfigurationError` where confluent-kafka is not installed, or refuses its properties."""

    def __init__(self, address: TopicAddress, settings: Mapping[str, str] | None = None) -> None:
        self._address = address
        self._trouble = ""
        self._refused = ""
        self._library = _library()
        config = {**_DEFAULTS, **(settings or {}), **_OWN, "bootstrap.servers": ",".join(address.brokers)}
        self._admin_config = {name: value for name, value in config.items() if name not in _CONSUMING}
        with self._translated():
            self._consumer = self._library.Consumer({**config, "error_cb": self._hear})

    def __str__(self) -> str:
        """Return the topic's address."""
        return f"kafka://{self._address.brokers[0]}/{self._address.topic}"

    def _hear(self, error: Any) -> None:
        self._trouble = str(error.str())[:300]
        if error.name() in _UNTRUSTED:
            self._refused = self._trouble

    def trouble(self) -> str:
        """Return what went wrong last."""
        return self._trouble

    @cached_property
    def _identity(self) -> str:
        return str(self._metadata().cluster_id or ",".join(self._address.brokers))

    def cluster(self) -> str:
        """Return the cluster's id."""
        return self._identity

    @cached_property
    def _admin(self) -> Any:
        from confluent_kafka.admin import AdminClient  # noqa: PLC0415 - an optional extra

        config: Any = {**self._admin_config, "error_cb": self._hear}  # the library's types know no call-backs
        return AdminClient(config)

    @cached_property
    def _topic_id(self) -> str:
        names = self._library.TopicCollection([self._address.topic])
        with self._translated():
            try:
                found = self._admin.describe_topics(names, request_timeout=_ANSWER)[self._address.topic].result()
            except self._library.KafkaException as error:
                if error.args[0].name() == "_UNSUPPORTED_FEATURE":
                    return ""
                raise
        text = str(found.topic_id or "")
        return text if text.strip("A=") else ""  # all zero: the broker knows no ids of topics

    def version(self) -> str:
        """Return the topic's own id."""
        return self._topic_id

    def partitions(self) -> Mapping[int, Extent]:
        """Return the partitions with their first and next offsets."""
        vars(self).pop("_topic_id", None)  # it may have been made again
        found = self._metadata().topics[self._address.topic]
        extents: dict[int, Extent] = {}
        for number in sorted(found.partitions):
            with self._translated():
                place = self._library.TopicPartition(self._address.topic, number)
                first, end = self._consumer.get_watermark_offsets(place, timeout=_ANSWER)
            extents[number] = Extent(first=first, end=end)
        return extents

    def _metadata(self) -> Any:
        with self._translated():
            found = self._asked()
            error = found.topics[self._address.topic].error
            if error is not None:
                raise self._library.KafkaException(error)
        return found

    def _asked(self) -> Any:
        """Return what the brokers say of the topic; in several short tries, since a refusal is heard between two."""
        for attempt in range(_TRIES):
            try:
                found = self._consumer.list_topics(self._address.topic, timeout=_ANSWER / _TRIES)
            except self._library.KafkaException:
                self._consumer.poll(0)  # what it had taken is fetched again: see `TopicPuller.pull`
                if self._refused or attempt == _TRIES - 1:
                    raise
            else:
                self._trouble = self._refused = ""
                return found
        raise AssertionError  # the last try has raised

    def start(self, offsets: Mapping[int, int]) -> None:
        """Read these partitions, and no others, from these offsets on."""
        name, place = self._address.topic, self._library.TopicPartition
        with self._translated():
            self._consumer.assign([place(name, number, offset) for number, offset in offsets.items()])

    def fetch(self, most: int, seconds: float) -> Sequence[Item]:
        """Return what came; raise `UnreachableError` where the client has given up."""
        with self._translated():
            found = self._consumer.consume(most, timeout=seconds)
            told = [item for message in found if (item := self._told(message)) is not None]
            return [*_by_partition(found), *told]

    def _told(self, message: Any) -> Item | None:
        """Return what a message says that is none."""
        error = message.error()
        if error is None:
            return None
        if error.name() == "_PARTITION_EOF":
            return End(partition=message.partition(), offset=message.offset())
        if error.name() in {"_AUTO_OFFSET_RESET", "OFFSET_OUT_OF_RANGE"}:
            return Astray(partition=message.partition())
        if error.fatal() or error.name() in _FORBIDDEN | _UNKNOWN:
            raise self._library.KafkaException(error)
        self._hear(error)  # the library goes on trying
        return None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Let what the library raises be told as kulla's own errors."""
        try:
            yield
        except self._library.KafkaException as error:
            found = error.args[0]
            if self._refused or found.name() in _UNTRUSTED | _FORBIDDEN:
                why = self._refused or found.str()
                raise ConfigurationError(f"the brokers refuse ({why})", where=str(self), hint=_HINT) from error
            if found.name() in _UNKNOWN:
                raise ConfigurationError(
                    "there is no such topic", where=str(self), hint="kcat -L lists them"
                ) from error
            why = self._trouble or found.str()
            hint = "check the brokers' addresses and the network; nothing is lost"
            raise UnreachableError(f"the brokers do not answer ({why})", where=str(self), hint=hint) from error

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close()


_LATEST = 253_402_300_799_000  # milliseconds: the end of the year 9999
_CONSUMING = frozenset({*_OWN, "group.id", "queued.max.messages.kbytes", "fetch.max.bytes"}) - {"log_level"}
_UNTRUSTED = frozenset({"_AUTHENTICATION", "_SSL", "SASL_AUTHENTICATION_FAILED", "_INVALID_ARG"})
_FORBIDDEN = frozenset({"TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED"})
_UNKNOWN = frozenset({"UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION"})


def _by_partition(found: Sequence[Any]) -> Iterator[Fetched]:
    """Yield the messages of each partition, in their order."""
    parted: defaultdict[int, list[Any]] = defaultdict(list)
    for message in found:
        if message.error() is None:
            parted[message.partition()].append(message)
    for partition, several in parted.items():
        stamps = [message.timestamp() for message in several]
        newest = max((stamp for kind, stamp in stamps if kind and 0 <= stamp < _LATEST), default=None)
        yield Fetched(
            partition=partition,
            offsets=[message.offset() for message in several],
            values=[message.value() for message in several],
            when=None if newest is None else datetime.fromtimestamp(newest / 1000, tz=UTC),
        )


def _library() -> ModuleType:
    try:
        import confluent_kafka  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        hint = "pip install 'kulla[kafka]'"
        raise ConfigurationError("pulling from Kafka needs confluent-kafka", where="kafka://", hint=hint) from error
    library: ModuleType = confluent_kafka
    return library
