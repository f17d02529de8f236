"""Pulling from Kafka (a real broker): each message once, whatever happens to broker, topic, store or process."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from cli.pulling import Pulling
from collectors.pulling.address import topic_address
from collectors.pulling.kafka import Kafka, properties
from collectors.pulling.seam import Puller, UnreachableError
from collectors.pulling.topic import KIND, TopicPuller
from engine.errors import ConfigurationError, UsageError
from engine.store.embedded import EmbeddedStore
from tests.cli.runs import NOW, access_log, child, kulla
from tests.collectors.pulling.broker import Broker, admin, make_topic, produce
from tests.collectors.pulling.certificates import Authority
from tests.collectors.pulling.killing import killed_until_done
from tests.collectors.pulling.storage import free_port, need
from tests.collectors.pulling.world import World
from tests.collectors.transports.faulty import Fault, failing

Make = Callable[[Pulling], dict[str, Puller]]


@pytest.fixture
def world(world: World) -> World:
    world.clock = time.monotonic
    return world


@pytest.fixture
def topic(kafka: str) -> str:
    """Return the name of a new topic of three partitions."""
    name = f"logs-{uuid4().hex[:8]}"
    make_topic(kafka, name, 3)
    return name


def puller(kafka: str, topic: str, *, patience: float = 30.0) -> Make:
    def make(pulling: Pulling) -> dict[str, Puller]:
        word = f"kafka://{kafka}/{topic}"
        made = TopicPuller(topic=Kafka(topic_address(word)), means=pulling.means(KIND), patience=patience)
        return {word: made}

    return make


def messages(lines: int, *, start: int = 0, path: str = "/page") -> list[bytes]:
    return access_log(lines, start=start, path=path).splitlines()


def texts(*values: list[bytes]) -> list[str]:
    return sorted(value.decode() for some in values for value in some)


def test_every_partition_is_read_from_where_it_was_left(kafka: str, topic: str, world: World) -> None:
    produce(kafka, topic, messages(600), 3)
    account = world.run(puller(kafka, topic))
    assert (account.records, account.stored, account.source) == (600, 600, "nginx")
    assert world.run(puller(kafka, topic)).records == 0
    produce(kafka, topic, messages(40, start=600), 3)
    account = world.run(puller(kafka, topic))
    assert (account.records, account.stored) == (40, 40)
    assert world.stored() == texts(messages(640))
    with EmbeddedStore(world.root / "store", lambda: NOW) as store:
        columns = ["kafka.topic", "kafka.partition", "kafka.offset"]
        rows = [row for part in store.scan() for row in part.table.select(columns).to_pylist()]
    places = {(row["kafka.topic"], int(row["kafka.partition"]), int(row["kafka.offset"])) for row in rows}
    assert len(places) == 640
    assert {partition for _, partition, _ in places} == {0, 1, 2}


def test_a_new_partition_is_found_and_read_from_its_beginning(kafka: str, topic: str, world: World) -> None:
    from confluent_kafka.admin import NewPartitions

    produce(kafka, topic, messages(30), 3)
    world.run(puller(kafka, topic))
    admin(kafka).create_partitions([NewPartitions(topic, 4)])[topic].result()
    produce(kafka, topic, messages(40, start=30), 4)
    assert world.run(puller(kafka, topic)).stored == 40
    assert world.stored() == texts(messages(70))


def test_arrays_shippers_documents_and_what_is_no_text(kafka: str, topic: str, world: World) -> None:
    same = {"eventVersion": "1.08", "eventTime": "2026-03-11T10:00:00Z", "eventSource": "s3.amazonaws.com"}
    records = [same | {"eventName": f"Get{number}", "eventID": str(number)} for number in range(3)]
    beat = {"agent": {"type": "filebeat"}, "host": {"name": "web1"}, "message": messages(1)[0].decode()}
    beat |= {"log": {"file": {"path": "/var/log/nginx/access.log"}, "offset": 0}}
    values = [json.dumps({"Records": records}).encode(), json.dumps(beat).encode(), b"\x00\x01\x02\xff", None, b""]
    produce(kafka, topic, values)
    account = world.run(puller(kafka, topic))
    assert (account.records, account.stored, account.dead_lettered, account.headers) == (5, 4, 1, 2)
    assert messages(1)[0].decode() in world.stored()
    assert world.letters() == 1


def test_gaps_of_transactions_that_were_given_up_are_no_records(kafka: str, topic: str, world: World) -> None:
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": kafka, "transactional.id": uuid4().hex, "log_level": 0})
    producer.init_transactions()
    for number, path in enumerate(("/kept", "/given-up", "/kept-too", "/given-up-too")):
        producer.begin_transaction()
        for value in messages(50, path=path):
            producer.produce(topic, value, partition=0)
        if number % 2:
            producer.abort_transaction()
        else:
            producer.commit_transaction()
    wanted = texts(messages(50, path="/kept"), messages(50, path="/kept-too"))
    assert world.run(puller(kafka, topic)).stored == 100
    assert world.run(puller(kafka, topic)).records == 0
    assert world.stored() == wanted
    assert world.issues == []


def test_what_the_topic_removed_before_it_was_read_is_told(kafka: str, topic: str, world: World) -> None:
    from confluent_kafka import TopicPartition

    produce(kafka, topic, messages(20))
    world.run(puller(kafka, topic))
    produce(kafka, topic, messages(30, start=20))
    admin(kafka).delete_records([TopicPartition(topic, 0, 35)])[TopicPartition(topic, 0, 35)].result()
    assert world.run(puller(kafka, topic)).stored == 15
    assert "offsets 20 to 34 were removed before they were read" in world.issues[0]


def test_a_topic_that_was_made_again_is_read_from_its_beginning(kafka: str, world: World) -> None:
    name = f"again-{uuid4().hex[:8]}"
    make_topic(kafka, name)
    produce(kafka, name, messages(20))
    world.run(puller(kafka, name))
    admin(kafka).delete_topics([name])[name].result()
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            make_topic(kafka, name)
            break
        except Exception:  # noqa: BLE001 - it is still there
            time.sleep(0.1)
    produce(kafka, name, messages(30, path="/new"))  # more than were read of the old one
    assert world.run(puller(kafka, name)).stored == 30
    assert "made again" in world.issues[0]
    assert world.stored() == texts(messages(20), messages(30, path="/new"))


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.HALF, Fault.UNHEARD])
def test_a_store_that_fails_is_tried_again_where_the_run_stays(
    kafka: str, topic: str, world: World, fault: Fault
) -> None:
    produce(kafka, topic, messages(900), 3)
    world.stays, world.opened = True, failing(fault, Random(5), share=0.5)

    def make(pulling: Pulling) -> dict[str, Puller]:
        made = puller(kafka, topic)(pulling)

        def sleep(seconds: float) -> None:
            if seconds < 1.0 and sum(account.records for account in pulling.accounts.values()) >= 900:
                raise KeyboardInterrupt

        pulling.sleep = sleep
        ticks = iter(range(10_000))
        pulling.now = lambda: next(ticks) * 10.0  # what comes together is stored by itself
        return made

    world.run(make)
    assert world.stored() == texts(messages(900))


def test_two_kullas_that_read_one_topic_do_not_move_each_others_offsets(kafka: str, topic: str, world: World) -> None:
    produce(kafka, topic, messages(10))

    def make(pulling: Pulling) -> dict[str, Puller]:
        made = puller(kafka, topic)(pulling)
        real = pulling.store.append

        def append(*args: object, **kwargs: object) -> object:
            pulling.store.append = real  # type: ignore[method-assign]
            World(root=world.root, clock=time.monotonic).run(puller(kafka, topic))
            return real(*args, **kwargs)  # type: ignore[arg-type]

        pulling.store.append = append  # type: ignore[method-assign,assignment]
        return made

    with pytest.raises(Exception, match="moved meanwhile"):
        world.run(make)
    assert world.stored() == texts(messages(10))


def test_killed_again_and_again_nothing_is_lost_and_nothing_doubled(kafka: str, topic: str, tmp_path: Path) -> None:
    values = messages(9_000)
    produce(kafka, topic, values, 3)
    home = tmp_path / "home"
    assert killed_until_done("collect", f"kafka://{kafka}/{topic}", home=home) > 0
    assert World(root=home).stored() == texts(values)


def test_a_broker_that_is_killed_and_started_again_is_gone_on_with(tmp_path: Path, kafka: str) -> None:
    (tmp_path / "broker").mkdir()
    own = Broker(folder=tmp_path / "broker", port=free_port())
    own.start()
    home, process = tmp_path / "home", None
    try:
        make_topic(own.address, "logs", 2)
        produce(own.address, "logs", messages(300), 2)
        process = child("collect", f"kafka://{own.address}/logs", "--follow", home=home)
        wait_for(home, 300)
        own.kill()
        own.start()
        produce(own.address, "logs", messages(200, start=300), 2)
        wait_for(home, 500)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    finally:
        own.kill()
        if process is not None:
            process.kill()
    assert process.returncode == 0, err
    assert World(root=home).stored() == texts(messages(500))


def wait_for(home: Path, events: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if (home / "store" / "store.sqlite").exists() and len(World(root=home).stored()) >= events:
            return
        time.sleep(0.1)
    pytest.fail(f"{events} events were not stored in time")


def test_a_topic_that_is_not_there_is_refused(kafka: str, world: World) -> None:
    with pytest.raises(ConfigurationError, match="no such topic"):
        world.run(puller(kafka, "nothing-here"))


def test_brokers_that_do_not_answer_are_told(tmp_path: Path) -> None:
    need("confluent_kafka")
    prelude = "import collectors.pulling.kafka as it\nit._ANSWER = 1.0"
    process = child("collect", f"kafka://127.0.0.1:{free_port()}/logs", home=tmp_path / "home", prelude=prelude)
    _, err = process.communicate(timeout=60)
    assert process.returncode == UnreachableError.exit_code, err
    assert "the brokers do not answer" in err
    assert "%3|" not in err  # librdkafka's own log


def test_addresses_and_properties() -> None:
    assert topic_address("kafka://a,b:9093,[::1]:9094/logs").brokers == ("a:9092", "b:9093", "[::1]:9094")
    for word in ("kafka://a", "kafka:///logs", "kafka://a/", "kafka://a/x/y", "kafka://u:p@a/logs", "kafka://a:x/logs"):
        with pytest.raises(UsageError):
            topic_address(word)
    text = "# TLS\nsecurity.protocol = SSL\n\nssl.ca.location=/etc/ca.pem\n"
    assert properties(text, "x") == {"security.protocol": "SSL", "ssl.ca.location": "/etc/ca.pem"}
    for text in ("security.protocol", "enable.auto.commit=true", "plugin.library.paths=/tmp/evil.so"):
        with pytest.raises(ConfigurationError, match="x:1"):
            properties(text, "x")


def test_a_property_that_nobody_knows_is_told(tmp_path: Path) -> None:
    need("confluent_kafka")
    (tmp_path / "client.properties").write_text("no.such.property=1\n")
    result = kulla("collect", "kafka://127.0.0.1/logs", "--client-config", "client.properties", home=tmp_path / "home")
    assert result.code == 3
    assert "no.such.property" in result.err


def test_a_broker_behind_tls_and_a_password(tmp_path: Path, kafka: str) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    authority, stranger = Authority(tmp_path, "own"), Authority(tmp_path, "other")
    certificate, key = authority.issue("broker")
    (folder / "keys.pem").write_bytes(key.read_bytes() + certificate.read_bytes())
    users = 'username="kulla" password="right" user_kulla="right"'
    module = f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};"
    own = Broker(
        folder=folder,
        port=free_port(),
        security="SASL_SSL",
        settings=(
            "sasl.enabled.mechanisms=PLAIN",
            "sasl.mechanism.inter.broker.protocol=PLAIN",
            f"listener.name.sasl_ssl.plain.sasl.jaas.config={module}",
            "ssl.keystore.type=PEM",
            f"ssl.keystore.location={folder / 'keys.pem'}",
            "ssl.truststore.type=PEM",
            f"ssl.truststore.location={authority.file}",
        ),
    )
    own.start()

    def client(password: str, trusted: Authority) -> dict[str, str]:
        return {
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": str(trusted.file),
            "sasl.mechanism": "PLAIN",
            "sasl.username": "kulla",
            "sasl.password": password,
        }

    def collect(home: str, config: dict[str, str]) -> tuple[int, str]:
        file = tmp_path / "client.properties"
        file.write_text("".join(f"{name}={value}\n" for name, value in config.items()))
        words = ("collect", f"kafka://{own.address}/logs", "--client-config", str(file))
        result = kulla(*words, home=tmp_path / home)
        return result.code, result.err

    try:
        make_topic(own.address, "logs", config=client("right", authority))
        produce(own.address, "logs", messages(50), config=client("right", authority))
        code, err = collect("home", client("right", authority))
        assert (code, "stored 50" in err) == (0, True), err
        code, err = collect("wrong", client("wrong", authority))
        assert (code, "the brokers refuse" in err) == (3, True), err
        code, err = collect("stranger", client("right", stranger))
        assert (code, "the brokers refuse" in err) == (3, True), err
    finally:
        own.kill()
