"""Pulling from object storage (moto's server): each record once, whatever happens to objects, network or process."""

from __future__ import annotations

import gzip
import json
import lzma
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import zstandard

from cli.pulling import Pulling
from collectors.pulling.address import bucket_address, scheme_of
from collectors.pulling.ahead import Ahead
from collectors.pulling.bucket import KIND, BucketPuller
from collectors.pulling.objects import ObjectMark, key_of, object_mark
from collectors.pulling.s3 import S3
from collectors.pulling.seam import Puller, UnreachableError
from engine.errors import ConfigurationError, UsageError
from engine.store.embedded import EmbeddedStore
from tests.cli.runs import access_log, child, kulla
from tests.collectors.pulling.between import Between, Way
from tests.collectors.pulling.killing import killed_until_done
from tests.collectors.pulling.storage import Storage
from tests.collectors.pulling.world import World
from tests.collectors.transports.faulty import Fault, failing

Bucket = tuple[Any, str]
Make = Callable[[Pulling], dict[str, Puller]]


def puller(url: str, name: str, prefix: str = "", *, attempts: int = 1, page: int = 1000) -> Make:
    def make(pulling: Pulling) -> dict[str, Puller]:
        bucket = Ahead(S3(name, endpoint=url, attempts=attempts, page=page))
        return {f"s3://{name}/{prefix}": BucketPuller(bucket=bucket, prefix=prefix, means=pulling.means(KIND))}

    return make


def put(bucket: Bucket, key: str, body: bytes) -> None:
    bucket[0].put_object(Bucket=bucket[1], Key=key, Body=body)


def lines(*bodies: bytes) -> list[str]:
    return sorted(line for body in bodies for line in body.decode().splitlines())


def well(path: str, place: str) -> Way:
    return Way()


def test_objects_are_read_whatever_their_compression_and_only_once(
    storage: Storage, bucket: Bucket, world: World
) -> None:
    logs = [access_log(40, path=f"/{number}") for number in range(4)]
    put(bucket, "a/plain.log", logs[0])
    put(bucket, "a/b/packed.log.gz", gzip.compress(logs[1]))
    put(bucket, "a/zstd", zstandard.compress(logs[2]))
    put(bucket, "a/xz", lzma.compress(logs[3]))
    put(bucket, "a/.hidden", b"x")
    put(bucket, "a/empty", b"")
    put(bucket, "a/folder/", b"")
    put(bucket, "elsewhere/log", access_log(5, path="/not-asked-for"))
    account = world.run(puller(storage.url, bucket[1], "a/"))
    assert (account.records, account.stored, account.source) == (160, 160, "nginx")
    assert world.stored() == lines(*logs)
    assert world.issues == []
    with Between(storage.url, well) as between:
        assert world.run(puller(between.url, bucket[1], "a/")).records == 0
        assert not [path for path, _ in between.asked if "list-type" not in path]  # nothing was fetched again


def test_a_log_under_two_keys_and_as_a_file_is_one_log(storage: Storage, bucket: Bucket, tmp_path: Path) -> None:
    put(bucket, "today.log", access_log(60))
    put(bucket, "archive/today.log.gz", gzip.compress(access_log(60)))
    (tmp_path / "today.log").write_bytes(access_log(60))
    home = tmp_path / "home"
    words = ("collect", f"s3://{bucket[1]}/", "--endpoint", storage.url)
    result = kulla(*words, home=home)
    assert "in 120 = stored 60 + dead-lettered 0 + duplicates 60" in result.err, result.err
    assert json.loads(result.out)["path"] == f"s3://{bucket[1]}/"
    assert "stored 0 + dead-lettered 0 + duplicates 60" in kulla("collect", "today.log", home=home).err
    assert "in 0 = stored 0" in kulla(*words, home=home).err


@pytest.mark.parametrize("packed", [True, False])
def test_a_large_log_is_read_by_columns_with_the_ids_of_a_file_and_goes_on_where_it_broke_off(
    storage: Storage, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    odd = b'192.0.2.9 - - [10/Mar/2026:10:00:00 +0000] "\\x16\\x03" 400 0 "-" "-"\n\xff no line of a log\n'
    agents = (Random(number).randbytes(30).hex() for number in range(30_000))
    body = b"".join(
        access_log(1, start=number).replace(b"curl/8.5", agent.encode()) + odd * (number % 5000 == 0)
        for number, agent in enumerate(agents)
    )
    content = gzip.compress(body) if packed else body
    put(bucket, "large.log", content)
    (tmp_path / "large.log").write_bytes(body)
    total = body.count(b"\n")
    home = tmp_path / "home"
    monkeypatch.setattr("collectors.pulling.objects._PAUSES", ())
    monkeypatch.setattr("collectors.columns.gathered.ROWS", 6_000)
    ways = [Way(cut=len(content) - 1000), *[Way(status=503, body=b"<Error><Code>SlowDown</Code></Error>")] * 9]
    with Between(storage.url, lambda path, _: Way() if "list-type" in path else ways.pop(0)) as between:
        result = kulla("collect", f"s3://{bucket[1]}/", "--endpoint", between.url, home=home)
    assert result.code == 4, result.err
    before = len(World(root=home).stored())
    assert 0 < before < total
    result = kulla("collect", f"s3://{bucket[1]}/", "--endpoint", storage.url, home=home)
    row = json.loads(result.out)
    assert before + row["stored"] + World(root=home).letters() == total
    assert row["records"] < total  # it went on behind the last portion that was sure to be whole
    again = kulla("collect", "large.log", home=home)
    assert f"in {total:,} = stored 0 + dead-lettered 0 + duplicates {total:,}" in again.err
    assert set(lines(body.replace(b"\xff", b""))) - set(World(root=home).stored()) == {" no line of a log"}


@pytest.mark.parametrize("short", [True, False])
def test_an_object_that_is_replaced_by_a_longer_one_gives_what_is_new(
    storage: Storage, bucket: Bucket, world: World, short: bool
) -> None:
    first = 3 if short else 30
    for size, new in ((first, first), (first + 30, 30), (first + 31, 1)):
        put(bucket, "growing.log", access_log(size))
        account = world.run(puller(storage.url, bucket[1]))
        assert (account.records, account.stored) == (size, new)
    put(bucket, "growing.log", access_log(4, path="/other"))
    assert world.run(puller(storage.url, bucket[1])).stored == 4
    assert world.stored() == lines(access_log(first + 31), access_log(4, path="/other"))


def test_what_cannot_be_read_is_told_and_stops_nothing(storage: Storage, bucket: Bucket, world: World) -> None:
    put(bucket, "1-junk", b"\x01\x02 nothing that anybody knows")
    put(bucket, "2-archive", b"PK\x03\x04 and so on")
    put(bucket, "3-cut.gz", gzip.compress(access_log(500))[:-600])
    put(bucket, "4-good", access_log(10) + b"\xff no line of a log\n")
    account = world.run(puller(storage.url, bucket[1]))
    assert "no log source recognises these bytes" in world.issues[0]
    assert "archive (zip)" in world.issues[1]
    assert account.dead_lettered == world.letters() >= 2  # what was cut short, and the bad line
    with EmbeddedStore(world.root / "store", lambda: world.now) as store:
        reasons = [letter.reason for letter in store.dead_letters()]
    assert len([reason for reason in reasons if "cut short or damaged" in reason]) == 1
    assert set(lines(access_log(10))) <= set(world.stored())
    assert world.run(puller(storage.url, bucket[1])).records == 0


def test_a_json_array_is_read_as_a_whole(storage: Storage, bucket: Bucket, world: World) -> None:
    records = [
        {"eventVersion": "1.08", "eventTime": "2026-03-11T10:00:00Z", "eventName": f"Get{number}"}
        for number in range(9)
    ]
    records = [one | {"eventSource": "s3.amazonaws.com", "eventID": str(number)} for number, one in enumerate(records)]
    put(bucket, "AWSLogs/1.json.gz", gzip.compress(json.dumps({"Records": records}).encode()))
    account = world.run(puller(storage.url, bucket[1]))
    assert (account.stored, account.source) == (9, "aws_cloudtrail")


def test_a_connection_that_breaks_off_is_gone_on_with_at_the_same_byte(
    storage: Storage, bucket: Bucket, world: World
) -> None:
    chance = Random(7)
    body = access_log(3000)
    put(bucket, "large.log", body)
    put(bucket, "large.gz", gzip.compress(access_log(3000, path="/packed")))

    def way(path: str, place: str) -> Way:
        listing = "list-type" in path
        return Way(cut=chance.randrange(1, 40_000)) if not listing and chance.random() < 0.7 else Way()

    with Between(storage.url, way) as between:
        account = world.run(puller(between.url, bucket[1]))
        assert [place for _, place in between.asked if place]  # it asked for the rest, not for everything again
    assert account.stored == 6000
    assert world.stored() == lines(body, access_log(3000, path="/packed"))
    assert world.slept


def test_a_run_that_ends_inside_an_object_goes_on_there(storage: Storage, bucket: Bucket, world: World) -> None:
    body = access_log(24_000)
    put(bucket, "large.log", body)

    def way(path: str, place: str) -> Way:
        if place:
            return Way(status=503, body=b"<Error><Code>SlowDown</Code></Error>")
        return Way(cut=len(body) - 1000) if "list-type" not in path else Way()

    with Between(storage.url, way) as between:
        world.run(puller(between.url, bucket[1]))
    assert "asks to wait" in world.issues[0]
    before = len(world.stored())
    assert before in {5_000, 10_000, 15_000, 20_000}
    with Between(storage.url, well) as between:
        account = world.run(puller(between.url, bucket[1]))
        offset = len(b"".join(body.splitlines(keepends=True)[:before]))
        assert [place for path, place in between.asked if "list-type" not in path] == [f"bytes={offset}-"]
    assert (account.records, account.stored) == (24_000 - before, 24_000 - before)
    assert world.stored() == lines(body)


@pytest.mark.parametrize("name", ["packed.log.gz", "whole.json"])
def test_what_is_read_from_its_start_only_doubles_nothing_either(
    storage: Storage, bucket: Bucket, world: World, name: str
) -> None:
    same = {"eventVersion": "1.08", "eventTime": "2026-03-11T10:00:00Z", "eventSource": "s3.amazonaws.com"}
    records = [
        same | {"eventName": f"Get{number}", "eventID": Random(number).randbytes(20).hex()} for number in range(18_000)
    ]
    log = b"".join(
        access_log(1, start=number, path="/" + Random(number).randbytes(80).hex()) for number in range(18_000)
    )
    body = gzip.compress(log) if name.endswith("gz") else json.dumps({"Records": records}).encode()
    put(bucket, name, body)
    ways = [Way(cut=len(body) - 1000), *[Way(status=503)] * 9]
    with Between(storage.url, lambda path, _: Way() if "list-type" in path else ways.pop(0)) as between:
        world.run(puller(between.url, bucket[1]))
    before = len(world.stored())
    assert before in {5_000, 10_000, 15_000}
    account = world.run(puller(storage.url, bucket[1]))
    assert (account.stored, account.duplicates) == (18_000 - before, 0 if name.endswith("gz") else before)


def test_an_object_that_vanishes_or_is_replaced_on_the_way_costs_only_itself(
    storage: Storage, bucket: Bucket, world: World
) -> None:
    for number in range(3):
        put(bucket, f"{number}.log", access_log(30, path=f"/{number}"))

    def way(path: str, place: str) -> Way:
        if path.endswith("/0.log"):
            bucket[0].delete_object(Bucket=bucket[1], Key="0.log")
        if path.endswith("/1.log"):
            put(bucket, "1.log", access_log(20, path="/new"))
        return Way()

    with Between(storage.url, way) as between:
        assert world.run(puller(between.url, bucket[1])).stored == 30
    assert "vanished" in world.issues[0]
    assert "replaced" in world.issues[1]
    assert world.run(puller(storage.url, bucket[1])).stored == 20
    assert world.stored() == lines(access_log(30, path="/2"), access_log(20, path="/new"))


def test_one_object_that_is_refused_is_told_and_read_once_it_may_be(
    storage: Storage, bucket: Bucket, world: World
) -> None:
    put(bucket, "mine.log", access_log(10))
    put(bucket, "secret.log", access_log(10, path="/secret"))
    denied = Way(status=403, body=b"<Error><Code>AccessDenied</Code></Error>")
    with Between(storage.url, lambda path, place: denied if "secret" in path else Way()) as between:
        assert world.run(puller(between.url, bucket[1])).stored == 10
    assert "AccessDenied" in world.issues[0]
    assert world.run(puller(storage.url, bucket[1])).stored == 10


def test_an_object_that_never_comes_costs_only_itself_but_several_in_a_row_end_the_look(
    storage: Storage, bucket: Bucket, world: World
) -> None:
    for number in range(6):
        put(bucket, f"{number}.log", access_log(10, path=f"/{number}"))
    broken = Way(status=500, body=b"<Error><Code>InternalError</Code></Error>")
    with Between(storage.url, lambda path, place: broken if "/1.log" in path else Way()) as between:
        assert world.run(puller(between.url, bucket[1])).stored == 50
    assert len(world.issues) == 1
    put(bucket, "7.log", access_log(10, path="/7"))
    put(bucket, "8.log", access_log(10, path="/8"))
    between = Between(storage.url, lambda path, place: Way() if "list-type" in path else broken)
    with between, pytest.raises(UnreachableError, match="InternalError"):
        world.run(puller(between.url, bucket[1]))
    assert world.run(puller(storage.url, bucket[1])).stored == 30


def test_a_service_that_is_busy_is_asked_again(storage: Storage, bucket: Bucket, world: World) -> None:
    put(bucket, "a.log", access_log(10))
    busy = [Way(status=503, body=b"<Error><Code>SlowDown</Code></Error>")] * 2
    with Between(storage.url, lambda path, place: busy.pop() if busy and "list-type" not in path else Way()) as between:
        assert world.run(puller(between.url, bucket[1])).stored == 10
    assert len(world.slept) == 2


def test_a_bucket_that_is_refused_ends_the_run_with_a_hint(storage: Storage, bucket: Bucket, world: World) -> None:
    with pytest.raises(ConfigurationError, match="NoSuchBucket") as raised:
        world.run(puller(storage.url, "no-such-bucket"))
    assert raised.value.hint
    denied = Way(status=403, body=b"<Error><Code>AccessDenied</Code></Error>")
    with (
        Between(storage.url, lambda path, place: denied) as between,
        pytest.raises(ConfigurationError, match="AccessDenied") as raised,
    ):
        world.run(puller(between.url, bucket[1]))
    assert "s3:ListBucket" in str(raised.value.hint)


def test_a_run_that_stays_ends_where_it_is_refused_at_first_and_goes_on_where_one_of_two_is(
    storage: Storage, bucket: Bucket, world: World
) -> None:
    world.stays = True
    with pytest.raises(ConfigurationError, match="NoSuchBucket"):
        world.run(puller(storage.url, "no-such-bucket"))
    world.stays = False
    put(bucket, "a.log", access_log(10))
    words = (f"s3://{bucket[1]}/", "s3://no-such-bucket/")
    result = kulla("collect", *words, "--endpoint", storage.url, home=world.root / "home")
    assert result.code == 4
    assert "stored 10" in result.err
    assert result.err.count("NoSuchBucket") == 1


def test_more_objects_than_a_page_holds(storage: Storage, bucket: Bucket, world: World) -> None:
    for number in range(20):
        put(bucket, f"{number:05}.log", access_log(1, start=number))
    assert world.run(puller(storage.url, bucket[1], page=7)).stored == 20
    assert world.run(puller(storage.url, bucket[1], page=7)).records == 0
    assert world.stored() == lines(access_log(20))


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.HALF, Fault.UNHEARD])
def test_a_store_that_fails_is_tried_again_where_the_run_stays(
    storage: Storage, bucket: Bucket, world: World, fault: Fault
) -> None:
    for number in range(5):
        put(bucket, f"{number}.log", access_log(200, path=f"/{number}"))
    world.stays, world.opened = True, failing(fault, Random(3), share=0.6)

    def make(pulling: Pulling) -> dict[str, Puller]:
        def sleep(_: float) -> None:
            if sum(account.records for account in pulling.accounts.values()) >= 1000:
                raise KeyboardInterrupt

        pulling.sleep = sleep
        ticks = iter(range(10_000))
        pulling.now = lambda: next(ticks) * 10.0  # each object is stored by itself
        return puller(storage.url, bucket[1])(pulling)

    world.run(make)
    assert world.stored() == lines(*(access_log(200, path=f"/{number}") for number in range(5)))


def test_checkpoints_of_objects_that_are_gone_are_forgotten_those_that_stay_are_not(
    storage: Storage, bucket: Bucket, world: World
) -> None:
    put(bucket, "stays.log", access_log(5))
    put(bucket, "goes.log", access_log(5, path="/goes"))
    world.run(puller(storage.url, bucket[1]))
    bucket[0].delete_object(Bucket=bucket[1], Key="goes.log")
    for days in (200, 390, 580, 770):
        world.now += timedelta(days=190)
        assert world.run(puller(storage.url, bucket[1])).records == 0, days
    with EmbeddedStore(world.root / "store", lambda: world.now) as store:
        assert [record.key for record in store.records(KIND)] == [
            key_of(S3(bucket[1], endpoint=storage.url), "stays.log")
        ]


def test_killed_again_and_again_nothing_is_lost_and_nothing_doubled(
    storage: Storage, bucket: Bucket, tmp_path: Path
) -> None:
    chance = Random(11)
    bodies = [access_log(chance.randrange(50, 5000), path=f"/{number}") for number in range(6)]
    for number, body in enumerate(bodies):
        put(bucket, f"{number}.log", body if number % 2 else gzip.compress(body))
    home = tmp_path / "home"
    assert killed_until_done("collect", f"s3://{bucket[1]}/", "--endpoint", storage.url, home=home) > 0
    world = World(root=home)
    assert world.stored() == lines(*bodies)


def test_a_server_that_restarts_is_waited_for(bucket: Bucket, tmp_path: Path) -> None:
    own = Storage()
    own.start()
    home = tmp_path / "home"
    process = None
    try:
        own.client().create_bucket(Bucket="logs")
        own.client().put_object(Bucket="logs", Key="1.log", Body=access_log(50))
        prelude = "import collectors.pulling.bucket as it\nit.PAUSE = 0.2"
        process = child("collect", "s3://logs/", "--follow", "--endpoint", own.url, home=home, prelude=prelude)
        wait_for(home, 50)
        own.stop()
        own.start()  # empty, as after a restore
        own.client().create_bucket(Bucket="logs")
        own.client().put_object(Bucket="logs", Key="2.log", Body=access_log(70))
        wait_for(home, 70)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    finally:
        own.stop()
        if process is not None:
            process.kill()
    assert process.returncode == 0, err
    assert World(root=home).stored() == lines(access_log(70))


def wait_for(home: Path, events: int) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        if (home / "store" / "store.sqlite").exists() and len(World(root=home).stored()) >= events:
            return
        time.sleep(0.1)
    pytest.fail(f"{events} events were not stored in time")


def test_addresses() -> None:
    assert bucket_address("s3://logs/a b/c?d#e").prefix == "a b/c?d#e"
    assert bucket_address("s3://logs").prefix == ""
    assert scheme_of("/var/log/s3://x") is None
    for word in ("s3://", "s3:///x", "s3://key:secret@logs/x"):
        with pytest.raises(UsageError):
            bucket_address(word)


def test_files_and_addresses_are_not_mixed(tmp_path: Path) -> None:
    result = kulla("collect", "s3://logs/", "/var/log", home=tmp_path / "home")
    assert result.code == 2


def test_a_mark_comes_back_as_it_was_written() -> None:
    mark = ObjectMark(tag='"x"', identity="ab", prefix=7, offset=9, number=3, packed=True, headers=(b"#\xff",))
    assert object_mark(mark.written()) == mark
    assert object_mark("{") is object_mark("[]") is object_mark('{"nothing": 1}') is None
