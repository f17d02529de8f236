"""Listeners on loopback: what is sent is stored once, and a store that stalls makes senders wait."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cli.listening import Secrets
from collectors.source import Options
from collectors.transports.address import address_of
from collectors.transports.inbox import Message
from collectors.transports.sorting import Sorter
from engine.errors import UsageError
from engine.store.embedded import EmbeddedStore
from tests.collectors.columns.both import PLAIN, contents
from tests.collectors.transports.following import NOW, line
from tests.collectors.transports.network import Stalling, listening, stored

SSHD = "<38>Mar 11 10:00:{:02} web01 sshd[{}]: Failed password for root from 192.0.2.1 port 22 ssh2"


def message(number: int) -> bytes:
    return SSHD.format(number % 60, number).encode()


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, object]]:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    client.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = client.getresponse()
    assert answer.headers["X-Elastic-Product"] == "Elasticsearch"
    text = answer.read()
    client.close()
    return answer.status, json.loads(text) if text else {}


def bulk(*documents: dict[str, object], number: str = "") -> bytes:
    about = {"_index": "logs", **({"_id": number} if number else {})}
    return b"".join(
        json.dumps({"create": about}).encode() + b"\n" + json.dumps(document).encode() + b"\n" for document in documents
    )


def test_syslog_over_tcp_and_udp_from_two_programs(tmp_path: Path) -> None:
    with listening(tmp_path, "syslog+tcp://127.0.0.1:0", "syslog+udp://127.0.0.1:0") as run:
        with socket.create_connection(("127.0.0.1", run.ports[0])) as client:
            client.sendall(message(1) + b"\n" + b"%d %s" % (len(message(2)), message(2)))
            client.sendall(b"<190>Mar 11 10:00:00 web01 nginx: " + line(7))
        datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagram.sendto(message(3) + b"\n", ("127.0.0.1", run.ports[1]))
        datagram.close()
        run.wait(4)
    assert sorted(stored(tmp_path, "event.dataset")) == ["nginx.access", *["system.auth"] * 3]
    assert set(stored(tmp_path, "log.source.address")) == {"127.0.0.1"}


def test_the_same_line_twice_in_a_connection_is_two_events(tmp_path: Path) -> None:
    with listening(tmp_path, "syslog+tcp://127.0.0.1:0") as run:
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", run.ports[0])) as client:
                client.sendall((message(1) + b"\n") * 3)
        run.wait(6)
    assert len(stored(tmp_path)) == 6


def test_a_stalled_store_makes_tcp_senders_wait_and_loses_nothing(tmp_path: Path) -> None:
    with listening(tmp_path, "syslog+tcp://127.0.0.1:0", most=50_000) as run:
        Stalling.stalled.set()
        count = 20_000
        data = b"".join(message(number) + b"\n" for number in range(count))
        client = socket.create_connection(("127.0.0.1", run.ports[0]))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32_768)
        sender = threading.Thread(target=lambda: (client.sendall(data), client.close()), daemon=True)
        sender.start()
        assert run.listening.account.records == 0
        Stalling.stalled.clear()
        sender.join(60)
        run.wait(count)
    assert len(set(stored(tmp_path))) == count


def test_what_a_sender_sent_before_the_stop_is_stored(tmp_path: Path) -> None:
    with listening(tmp_path, "syslog+tcp://127.0.0.1:0") as run:
        client = socket.create_connection(("127.0.0.1", run.ports[0]))
        client.sendall(b"".join(message(number) + b"\n" for number in range(500)))
    client.close()
    assert len(stored(tmp_path)) == 500


def test_tls_with_certificates_of_clients(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run([*words, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    files = Secrets(certificate=certificate, key=key, authority=certificate)
    with listening(tmp_path, "syslog+tls://127.0.0.1:0", files=files) as run:
        context = ssl.create_default_context(cafile=certificate)
        stranger = socket.create_connection(("127.0.0.1", run.ports[0]))
        with suppress(OSError), context.wrap_socket(stranger, server_hostname="127.0.0.1") as client:
            client.sendall(message(9) + b"\n")
            assert client.recv(1) == b""  # cut off; which of the two comes first differs by version
        context.load_cert_chain(certificate, key)
        plain = socket.create_connection(("127.0.0.1", run.ports[0]))
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as client:
            client.sendall(message(1) + b"\n")
        run.wait(1)
    assert [text.encode() for text in stored(tmp_path)] == [message(1)]


def test_what_beats_ask_first(tmp_path: Path) -> None:
    with listening(tmp_path, "http://127.0.0.1:0") as run:
        port = run.ports[0]
        status, hello = ask(port, "GET", "/")
        assert (status, hello["tagline"]) == (200, "You Know, for Search")
        assert ask(port, "GET", "/_license")[1]["license"]["status"] == "active"  # type: ignore[index]
        assert ask(port, "GET", "/_xpack")[0] == 200
        assert ask(port, "HEAD", "/_index_template/filebeat-8")[0] == 200
        assert ask(port, "PUT", "/_index_template/filebeat-8", b"{}")[1] == {"acknowledged": True}
        assert ask(port, "DELETE", "/anything")[0] == 405


def test_a_bulk_request_that_is_sent_again_is_stored_once(tmp_path: Path) -> None:
    documents = [{"@timestamp": "2026-03-11T10:00:00Z", "message": f"m{number}"} for number in range(3)]
    with listening(tmp_path, "http://127.0.0.1:0") as run:
        for _ in range(2):
            body = gzip.compress(bulk(*documents, documents[0]), mtime=0)
            status, answer = ask(run.ports[0], "POST", "/_bulk", body, Content_Encoding="gzip")
            assert (status, answer["errors"], len(answer["items"])) == (200, False, 4)  # type: ignore[arg-type]
        assert run.listening.account.duplicates == 4
        for extra in ({}, {"more": "of the same"}):  # the sender's own id tells, whatever stands beside
            again = {"@timestamp": "2026-03-11T10:00:01Z", "message": "with an id", **extra}
            assert ask(run.ports[0], "POST", "/logs/_bulk", bulk(again, number="x1"))[0] == 200
    assert len(stored(tmp_path)) == 5


def test_lines_that_filebeat_read_are_taken_apart(tmp_path: Path) -> None:
    document = {
        "@timestamp": "2026-03-11T10:00:00Z",
        "agent": {"type": "filebeat", "id": "a1"},
        "host": {"name": "web07"},
        "log": {"file": {"path": "/var/log/nginx/access.log"}, "offset": 17},
        "message": line(5).decode().rstrip(),
    }
    with listening(tmp_path, "http://127.0.0.1:0") as run:
        assert ask(run.ports[0], "POST", "/_bulk", bulk(document))[0] == 200
    assert stored(tmp_path, "event.dataset") == ["nginx.access"]
    assert stored(tmp_path, "log.file.path") == ["/var/log/nginx/access.log"]
    assert stored(tmp_path, "host.name") == ["web07"]


@pytest.mark.parametrize("sending", ["bulk", "lines"])
def test_much_that_comes_together_is_read_by_columns_and_stored_alike(tmp_path: Path, sending: str) -> None:
    def document(number: int) -> dict[str, object]:
        log = {"offset": number * 90, "file": {"path": "/var/log/nginx/access.log"}}
        text = line(number).decode().rstrip() if number % 50 else "no line of any log"
        return {"agent": {"type": "filebeat"}, "host": {"name": "web01"}, "log": log, "message": text}

    class Watching(EmbeddedStore):
        wide = 0

        def append_batches(self, batches: Any, *args: Any, **wanted: Any) -> Any:
            Watching.wide += sum(batch.rows for batch in batches)
            return super().append_batches(batches, *args, **wanted)

    numbers = range(1, 1000)
    found = []
    for treatment in (None, PLAIN):
        root = tmp_path / str(treatment is None)
        root.mkdir()
        address = "http://127.0.0.1:0" if sending == "bulk" else "syslog+tcp://127.0.0.1:0"
        with listening(root, address, treatment=treatment, opened=lambda at: Watching(at, lambda: NOW)) as run:
            if sending == "bulk":
                body = bulk(*[document(number) for number in numbers])
                assert ask(run.ports[0], "POST", "/_bulk", body)[0] == 200
            else:
                with socket.create_connection(("127.0.0.1", run.ports[0])) as client:
                    client.sendall(b"".join(line(number) for number in numbers))
            run.wait(len(numbers))
        assert run.listening.account.balanced
        with EmbeddedStore(root / "store", lambda: NOW) as store:
            found.append([event.fields for event in contents(store)[0].values()])
        assert (Watching.wide > 500) == (treatment is not None)
    by_agent = [sorted(each, key=lambda fields: str(sorted(fields.items()))) for each in found]
    assert len(by_agent[0]) > 900
    assert by_agent[0] == by_agent[1]


@pytest.mark.parametrize("wide", [False, True])
def test_whom_nobody_knows_is_looked_at_once(wide: bool) -> None:
    asked: list[bytes] = []
    sorter = Sorter(choose=asked.append, options=lambda _: Options(), now=lambda: 0.0)  # type: ignore[arg-type,return-value]
    messages = [
        Message(sender="192.0.2.1", listener="x", identity="0" * 32, offset=number, raw=b"\x00avro %d" % number)
        for number in range(2000)
    ]
    found = sorter.sort_by_columns(messages) if wide else sorter.sort(messages)
    assert len(found.letters) == 2000
    assert len(asked) <= 2
    assert max(map(len, asked)) <= 16 * 1024 + 1


def test_json_lines_arrays_and_what_is_no_json(tmp_path: Path) -> None:
    with listening(tmp_path, "http://127.0.0.1:0") as run:
        port = run.ports[0]
        lines = b'{"@timestamp":"2026-03-11T10:00:00Z","message":"a"}\n\n{"message":"b"}\n'
        assert ask(port, "POST", "/ingest", lines) == (200, {"accepted": 2})
        assert ask(port, "POST", "/ingest", b'[{"message":"c"},{"message":"d"}]') == (200, {"accepted": 2})
        assert ask(port, "POST", "/ingest", b'{"broken": \n') == (200, {"accepted": 1})
        assert ask(port, "POST", "/_bulk", b"no action\n")[0] == 400
        assert ask(port, "POST", "/_bulk", b"\x1f\x8bjunk", Content_Encoding="gzip")[0] == 400
        assert ask(port, "POST", "/_bulk", b"x", Content_Encoding="br")[0] == 415
    account = run.listening.account
    assert (account.stored, account.dead_lettered) == (4, 1)


def test_every_member_of_a_packed_body_counts(tmp_path: Path) -> None:
    first, second = (b'{"message":"%d"}\n' % number for number in (1, 2))
    with listening(tmp_path, "http://127.0.0.1:0") as run:
        body = gzip.compress(first) + gzip.compress(second) + bytes(7)
        assert ask(run.ports[0], "POST", "/ingest", body, Content_Encoding="gzip") == (200, {"accepted": 2})
        cut = gzip.compress(first) + gzip.compress(second)[:-9]
        assert ask(run.ports[0], "POST", "/ingest", cut, Content_Encoding="gzip")[0] == 400
    assert sorted(stored(tmp_path, "message")) == ["1", "2"]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST http://[:: HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b"400"),
        (b"POST /ingest HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 300_000, b"400"),
        (b"POST /ingest HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
)
def test_what_is_no_request_gets_an_answer_and_stops_nothing(tmp_path: Path, request_: bytes, status: bytes) -> None:
    with listening(tmp_path, "http://127.0.0.1:0") as run:
        with socket.create_connection(("127.0.0.1", run.ports[0]), timeout=10) as client:
            client.sendall(request_)
            assert client.recv(200).split(b" ")[1] == status
        assert ask(run.ports[0], "POST", "/ingest", b'{"message":"a"}\n') == (200, {"accepted": 1})


def test_credentials_are_asked_for(tmp_path: Path) -> None:
    allowed = tmp_path / "credentials"
    allowed.write_text("# who may send\nbeats:s3cret\n")
    word = base64.b64encode(b"beats:s3cret").decode()
    with listening(tmp_path, "http://127.0.0.1:0", files=Secrets(credentials=allowed)) as run:
        port = run.ports[0]
        assert ask(port, "POST", "/x", b'{"message":"a"}')[0] == 401
        assert ask(port, "POST", "/x", b'{"message":"a"}', Authorization="Basic " + word[:-4])[0] == 401
        assert ask(port, "POST", "/x", b'{"message":"a"}', Authorization="ApiKey " + word)[0] == 200
        assert ask(port, "POST", "/x", b'{"message":"b"}', Authorization="Basic " + word)[0] == 200
    assert len(stored(tmp_path)) == 2


def test_a_stalled_store_is_told_to_http_clients_and_a_repetition_doubles_nothing(tmp_path: Path) -> None:
    body = bulk({"@timestamp": "2026-03-11T10:00:00Z", "message": "a" * 900})
    with listening(tmp_path, "http://127.0.0.1:0", most=500) as run:
        Stalling.stalled.set()
        first = threading.Thread(target=ask, args=(run.ports[0], "POST", "/_bulk", body), daemon=True)
        first.start()
        while run.listening.inbox.empty:
            pass
        status, answer = ask(run.ports[0], "POST", "/_bulk", body)
        assert (status, answer["status"]) == (429, 429)
        Stalling.stalled.clear()
        first.join(20)
        assert ask(run.ports[0], "POST", "/_bulk", body)[0] == 200
    assert len(stored(tmp_path)) == 1


@pytest.mark.parametrize(
    "word", ["ftp://h:1", "syslog://h", "http://", "http://h:port", "http://u@h:1", "http://h:1/x"]
)
def test_words_that_are_no_address(word: str) -> None:
    with pytest.raises(UsageError):
        address_of(word)
