"""What a person reads where a cluster does not do what it should: what, where, the next step, exit code 3."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from engine.errors import ConfigurationError, StoreError, UnreadableError
from engine.store.elastic.address import address
from engine.store.elastic.cluster import Cluster
from engine.store.elastic.failures import refused
from engine.store.elastic.store import ElasticStore
from tests.cli.fakes import Result
from tests.elasticsearch.calls import kulla


@contextmanager
def _answering(status: int, headers: dict[str, str], body: bytes) -> Iterator[str]:
    """A server on loopback that is no Elasticsearch; the real node stands for everything that is one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_POST = do_GET  # noqa: N815 - names of the standard library

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _told(result: Result, *words: str) -> None:
    assert result.code == 3, result.err
    assert "next:" in result.err
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err


def test_a_wrong_address(tmp_path: Path) -> None:
    _told(kulla("store", "status", "--store", "ftp://x", home=tmp_path / "h"), "https://")
    _told(kulla("store", "status", "--store", "https://", home=tmp_path / "h"), "https://")


def test_nobody_answers() -> None:
    waits: list[float] = []
    clock = iter(range(1000))
    cluster = Cluster(
        address("http://127.0.0.1:1"), sleep=waits.append, clock=lambda: float(next(clock)), chance=lambda: 0.5
    )
    with pytest.raises(StoreError, match="cannot be reached"):
        cluster.ask("GET", "/_cluster/health")
    assert waits == sorted(set(waits))
    assert len(waits) > 2, "it was tried again, later and later"


def test_what_answers_is_not_elasticsearch(tmp_path: Path) -> None:
    body = b'{"version": {"distribution": "opensearch", "number": "2.19.0"}}'
    with _answering(200, {"content-type": "application/json"}, body) as url:
        _told(kulla("store", "status", "--store", url, home=tmp_path / "h"), "not Elasticsearch", "OpenSearch")


def test_a_wrong_key(tmp_path: Path) -> None:
    body = b'{"error": {"type": "security_exception", "reason": "unable to authenticate"}, "status": 401}'
    with _answering(401, {"content-type": "application/json"}, body) as url:
        _told(kulla("store", "status", "--store", url, home=tmp_path / "h"), "API key", "--api-key-file")


def test_a_key_file_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    for name in ("nothing", "empty"):
        words = ("store", "status", "--store", "https://x", "--api-key-file", str(tmp_path / name))
        _told(kulla(*words, home=tmp_path / "h"), name)
    with pytest.raises(ConfigurationError, match="CA file"):
        address("https://x", ca_file=tmp_path / "nothing")


def test_a_missing_right_is_named() -> None:
    reason = (
        "action [indices:data/write/bulk[s]] is unauthorized for API key id [abc] of user [kulla] on indices "
        "[kulla-state-000001], this action is granted by the index privileges [create_doc,create,index,write,all]"
    )
    error = refused(403, {"error": {"type": "security_exception", "reason": reason}}, "https://x")
    for words in ("kulla-state-000001", "create_doc,create,index,write,all", "index privileges"):
        assert words in error.message


def test_a_store_that_was_never_set_up(node_url: str, prefix: str, tmp_path: Path) -> None:
    for words in (("store", "status"), ("alerts", "list"), ("detect",)):
        result = kulla(*words, "--store", node_url, prefix=prefix, home=tmp_path / "h")
        _told(result, "no kulla store", "kulla store init")


def test_an_index_that_somebody_removed_is_named_and_made_again(
    store: ElasticStore, node_url: str, prefix: str, tmp_path: Path
) -> None:
    there = store.cluster.ask("GET", f"/{prefix}-alerts").body
    for index in there:
        store.cluster.ask("DELETE", f"/{index}")
    result = kulla("alerts", "list", "--store", node_url, prefix=prefix, home=tmp_path / "h")
    _told(result, f"{prefix}-alerts", "kulla store init")
    assert kulla("store", "init", "--url", node_url, prefix=prefix, home=tmp_path / "h").code == 0
    assert kulla("alerts", "list", "--store", node_url, prefix=prefix, home=tmp_path / "h").code == 0


def test_foreign_indices_are_left_alone(node_url: str, prefix: str, tmp_path: Path) -> None:
    cluster = Cluster(address(node_url))
    cluster.ask("PUT", f"/{prefix}-alerts", {"mappings": {"properties": {"x": {"type": "long"}}}})
    result = kulla("store", "init", "--url", node_url, prefix=prefix, home=tmp_path / "h")
    _told(result, f"{prefix}-alerts", "foreign", "KULLA_ELASTICSEARCH_PREFIX")


def _setting(store: ElasticStore, index: str, name: str, value: object) -> None:
    store.cluster.ask("PUT", f"/{index}/_settings", {name: value})


@pytest.mark.parametrize("block", ["index.blocks.write", "index.blocks.read_only_allow_delete"])
def test_a_read_only_index_loses_nothing(block: str, store: ElasticStore, many: Callable[..., list[object]]) -> None:
    store.append(many(5), [])
    _setting(store, f"{store.names.events}-*", block, True)
    with pytest.raises(StoreError, match=r"read-only|too full") as caught:
        store.append(many(10), [])
    assert caught.value.hint
    _setting(store, f"{store.names.events}-*", block, None)
    done = store.append(many(10), [])
    assert (done.stored, done.duplicates) == (5, 5)
    assert store.status().events == 10


def test_a_red_index_is_a_gap_and_never_an_answer(
    store: ElasticStore, many: Callable[..., list[object]], node_url: str
) -> None:
    store.append(many(5), [])
    store.examine()
    nowhere = {"settings": {"index.routing.allocation.require._name": "no-such-node"}}
    store.cluster.ask("PUT", f"/{store.names.events}-broken-2026.01.01?wait_for_active_shards=0", nowhere)
    impatient = ElasticStore(Cluster(address(node_url, prefix=store.names.prefix, patience=0.3)), store._clock)
    impatient.cluster.ask("GET", "/_cluster/health")
    with pytest.raises(UnreadableError):
        list(impatient.blocks())
    gaps: list[object] = []
    assert list(impatient.blocks(missing=gaps.append)) == []
    assert [(each.first_sequence, each.last_sequence) for each in gaps] == [(1, 5)]
    with pytest.raises(StoreError, match=r"red is .*-broken-2026\.01\.01"):
        impatient.examine()
    impatient.close()


def test_what_was_sent_is_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    body = memoryview(b'{"user.name":"Ana"}')
    with _answering(403, {}, b'{"error":{"type":"security_exception","reason":"no"}}') as url:
        cluster = Cluster(address(url))
        with pytest.raises(StoreError):
            cluster.ask("POST", "/_bulk", body)
    with _answering(200, {"x-elastic-product": "Elasticsearch"}, b'{"is":"Beni"}') as url:
        assert Cluster(address(url)).ask("POST", "/_bulk", body).body == {"is": "Beni"}
    assert not [name for name in ("Ana", "Beni") if name in caplog.text]
