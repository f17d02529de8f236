"""Pulling from an X-Road security server (a small one of the tests' own): each record once, whatever is answered."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.pulling import Pulling
from collectors.pulling.address import server_address
from collectors.pulling.monitoring import KIND, MonitoringPuller
from collectors.pulling.seam import Puller, UnreachableError
from collectors.pulling.soap import answer
from collectors.pulling.xroad import Trust, XRoad
from engine.errors import ConfigurationError, InputError, UsageError
from engine.store.embedded import EmbeddedStore
from tests.cli.runs import NOW
from tests.collectors.pulling.certificates import Authority
from tests.collectors.pulling.killing import killed_until_done
from tests.collectors.pulling.security_server import OFFSET, Record, SecurityServer, fault, multipart, record
from tests.collectors.pulling.world import World

Make = Callable[[Pulling], dict[str, Puller]]
START = 1_700_000_000


def address(server: SecurityServer, *, secure: bool = False) -> str:
    scheme = "xroad+https" if secure else "xroad+http"
    return f"{scheme}://127.0.0.1:{server.port}/AL/GOV/1001/ss1?client=AL/GOV/1001/watch"


def puller(server: SecurityServer, *, trust: Trust | None = None, ahead: int = 0) -> Make:
    def make(pulling: Pulling) -> dict[str, Puller]:
        word = address(server, secure=trust is not None)
        asked = XRoad(server_address(word), trust or Trust(), lambda: "token")
        clock = lambda: datetime.fromtimestamp(server.second + ahead, tz=UTC)  # noqa: E731
        return {word: MonitoringPuller(server=asked, means=pulling.means(KIND), clock=clock)}

    return make


def messages(world: World) -> list[str]:
    return sorted(json.loads(text)["messageId"] for text in world.stored())


def ids(*records: list[Record]) -> list[str]:
    return sorted(str(one["messageId"]) for some in records for one in some)


def test_all_that_the_server_has_is_pulled_page_by_page_and_then_only_what_is_new(world: World) -> None:
    old = [record(START - 1000 + number // 3, number) for number in range(64)]
    with SecurityServer(list(old)) as server:
        account = world.run(puller(server))
        assert (account.records, account.stored, account.source) == (64, 64, "xroad_opmon")
        assert len(server.windows) > 5
        assert server.headers[:4] == ["AL", "GOV", "1001", "watch"]
        assert server.headers[-4:] == ["AL", "GOV", "1001", "ss1"]
        assert world.run(puller(server)).records == 0
        new = [record(server.second - 5, number) for number in range(30)]
        server.records += new
        assert world.run(puller(server)).stored == 0  # not given yet: the server holds a minute back
        server.second += OFFSET
        assert world.run(puller(server)).stored == 30
    assert messages(world) == ids(old, new)
    with EmbeddedStore(world.root / "store", lambda: NOW) as store:
        (one,) = store.events_by_id([next(iter(_event_ids(store)))]).values()
    assert one.fields["event.dataset"] == "xroad.opmon"
    assert one.origin.path.startswith("xroad+http://127.0.0.1:")


def _event_ids(store: EmbeddedStore) -> list[str]:
    return [row for part in store.scan(columns=["event.id"]) for row in part.table.column("event.id").to_pylist()]


def test_what_is_committed_late_is_seen_and_nothing_is_doubled(world: World) -> None:
    first = [record(START - 70 - number, number) for number in range(9)]
    with SecurityServer(list(first)) as server:
        assert world.run(puller(server)).stored == 9
        late = [record(START - 100, 77)]
        server.records += late
        account = world.run(puller(server))
        assert (account.stored, account.duplicates) == (1, 9)
    assert messages(world) == ids(first, late)


def test_a_run_that_stays_does_not_count_again_what_it_has_seen(world: World) -> None:
    some = [record(START - 100 + number, number) for number in range(25)]
    world.stays = True
    with SecurityServer(list(some)) as server:

        def make(pulling: Pulling) -> dict[str, Puller]:
            looks = iter(range(3))

            def sleep(_: float) -> None:
                server.second += 60
                if next(looks, None) is None:
                    raise KeyboardInterrupt

            pulling.sleep, pulling.now = sleep, lambda: float(server.second)
            return puller(server)(pulling)

        account = world.run(make)
    assert (account.records, account.stored, account.duplicates) == (25, 25, 0)


@pytest.mark.parametrize("ahead", [-7200, -90, 90, 86_400])
def test_clocks_that_differ_lose_nothing(world: World, ahead: int) -> None:
    written: list[Record] = []
    with SecurityServer([]) as server:
        for turn in range(5):
            new = [record(server.second - 30 + number, turn * 100 + number) for number in range(20)]
            server.records += new
            written += new
            world.run(puller(server, ahead=ahead))
            server.second += 45
        server.second += 10_000
        world.run(puller(server, ahead=ahead))
    assert messages(world) == ids(written)


def test_a_second_with_more_records_than_an_answer_holds(world: World) -> None:
    many = [record(START - 500, number) for number in range(50)] + [record(START - 499, number) for number in range(5)]
    with SecurityServer(many) as server:
        assert world.run(puller(server)).stored == 55


def test_answers_that_are_not_whole_are_asked_for_again(world: World) -> None:
    some = [record(START - 500 + number, number) for number in range(8)]
    payload = gzip.compress(json.dumps({"records": some}).encode())
    broken = [
        multipart(8, payload[:-20], None),
        multipart(9, payload, None),
        (200, "text/html", b"<html>a proxy's page</html>"),
        (502, "text/plain", b""),
        (200, "multipart/related; boundary=x", b"--x\r\n\r\nno end"),
        multipart(8, payload, None, prologue='<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
        fault("Server.ServerProxy.ServiceFailed", "the daemon does not answer"),
    ]
    with SecurityServer(list(some)) as server:
        for told in broken:
            server.instead = lambda told=told: told
            with pytest.raises(UnreachableError):
                world.run(puller(server))
        server.instead = lambda: None
        assert world.run(puller(server)).stored == 8


@pytest.mark.parametrize("code", ["Server.ServerProxy.DatabaseError", "Server.ServerProxy.AccessDenied", ""])
def test_a_fault_in_the_middle_is_no_end_of_what_there_is(world: World, code: str) -> None:
    some = [record(START - 900 + number, number) for number in range(40)]
    with SecurityServer(list(some)) as server:
        server.instead = lambda: fault(code, "it failed") if server.windows else None
        with pytest.raises((UnreachableError, ConfigurationError)):
            world.run(puller(server))
        server.instead = lambda: None
        world.run(puller(server))
    assert messages(world) == ids(some)


def test_a_connection_that_breaks_off_in_the_greeting_is_no_lack_of_trust(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        word = f"xroad+https://127.0.0.1:{listener.getsockname()[1]}/AL/GOV/1001/ss1?client=AL/GOV/1001/watch"
        asked = XRoad(server_address(word), Trust(authority=Authority(tmp_path, "own").file), lambda: "token")

        def break_off() -> None:
            connection, _ = listener.accept()
            connection.recv(65_536)
            connection.close()

        threading.Thread(target=break_off, daemon=True).start()
        with pytest.raises(UnreachableError, match="does not answer"):
            asked.ask(0, 1)


def test_a_named_source_is_not_for_what_has_one_format(world: World) -> None:
    world.source = "nginx"
    with SecurityServer([record(START - 500, 1)]) as server:
        assert world.run(puller(server)).stored == 1


def test_a_server_that_refuses_ends_the_run(world: World) -> None:
    with SecurityServer([]) as server:
        server.instead = lambda: fault("Server.ServerProxy.AccessDenied", "Request is not allowed")
        with pytest.raises(ConfigurationError, match="AccessDenied") as raised:
            world.run(puller(server))
    assert "client" in str(raised.value.hint)


def test_a_server_that_does_not_answer_is_told(world: World) -> None:
    with SecurityServer([]) as server:
        pass
    with pytest.raises(UnreachableError, match="does not answer"):
        world.run(puller(server))


def test_tls_with_the_clients_certificate(world: World, tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path, "own"), Authority(tmp_path, "other")
    mine, key = authority.issue("client")
    theirs = stranger.issue("stranger")
    with SecurityServer([record(START - 500, 1)], tls=(*authority.issue("server"), authority.file)) as server:
        with pytest.raises(ConfigurationError, match="not trusted"):
            world.run(puller(server, trust=Trust(authority=stranger.file, certificate=mine, key=key)))
        with pytest.raises((ConfigurationError, UnreachableError)):
            world.run(puller(server, trust=Trust(authority=authority.file, certificate=theirs[0], key=theirs[1])))
        assert world.run(puller(server, trust=Trust(authority=authority.file, certificate=mine, key=key))).stored == 1
    with pytest.raises(ConfigurationError, match="cannot use the certificate"):
        world.run(puller(server, trust=Trust(authority=tmp_path / "nothing.pem")))


def test_what_is_no_record_is_dead_lettered_once(world: World) -> None:
    payload = gzip.compress(b'{"records": [{"monitoringDataTs": 5}, {"monitoringDataTs": 6, "requestInTs": "x"}]}')
    with SecurityServer([]) as server:
        server.instead = lambda: multipart(2, payload, None)
        first = world.run(puller(server))
        again = world.run(puller(server))
    assert first.records == again.records == again.duplicates == 2
    assert world.letters() + len(world.stored()) == 2


def test_killed_again_and_again_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    some = [record(START - 90_000 + number // 7, number) for number in range(4_000)]
    home = tmp_path / "home"
    with SecurityServer(some, most=300) as server:
        assert killed_until_done("collect", address(server), home=home, batch=600) > 0
    assert messages(World(root=home)) == ids(some)


@given(
    st.binary(max_size=300), st.sampled_from(["text/xml", "multipart/related; boundary=x", "multipart/related", "a/b"])
)
def test_whatever_is_answered_is_an_answer_or_an_error_of_ours(body: bytes, kind: str) -> None:
    for text in (body, b"--x\r\n\r\n" + body + b"\r\n--x--"):
        with pytest.raises(InputError):
            answer(kind, text)


def test_an_answer_is_bounded_in_depth_and_expands_nothing() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    for status, kind, body in (multipart(0, b"", None, prologue=bomb), (200, "text/xml", b"<a>" * 1000)):
        assert status == 200
        with pytest.raises(InputError):
            answer(kind, body)


def test_addresses() -> None:
    found = server_address("xroad+https://ss1.example/AL/GOV/10%2F01/ss1?client=AL/GOV/1001/watch")
    assert (found.secure, found.port, found.server[2]) == (True, 8443, "10/01")
    for word in ("xroad+https://ss1", "xroad+https://ss1/AL/GOV/1/ss1", "xroad+http://u:p@h/A/B/C/D?client=A/B/C"):
        with pytest.raises(UsageError):
            server_address(word)
