"""TLS and API keys: a real node behind a gate that speaks TLS with a certificate made here and asks for a key.

The node that tests can have comes without Elastic's security module (its parts are not all published), so the gate
stands where that would be; what lies behind it is the real thing.
"""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.errors import StoreError
from engine.store.elastic.address import address
from engine.store.elastic.cluster import Cluster
from engine.store.elastic.store import ElasticStore
from tests.elasticsearch.calls import kulla

KEY = "aWQ6c2VjcmV0"
_REFUSED = b'{"error":{"type":"security_exception","reason":"unable to authenticate"},"status":401}'


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a certificate that signs itself, for this name alone; return it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kulla test")])
    now = datetime.now(UTC)
    host: x509.GeneralName = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ca.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "ca.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "ca.crt", folder / "ca.key"


@contextmanager
def _gate(node: str, certificate: tuple[Path, Path]) -> Iterator[int]:
    """Answer on a port of loopback with TLS, and hand on to the node what carries the key."""
    behind = urlsplit(node)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, headers, answer = 401, [("content-type", "application/json")], _REFUSED
            if self.headers.get("authorization") == f"ApiKey {KEY}":
                inner = http.client.HTTPConnection(str(behind.hostname), behind.port or 9200)
                inner.request(self.command, self.path, body, {"content-type": self.headers.get("content-type", "")})
                response = inner.getresponse()
                kept = {"content-type", "x-elastic-product"}
                headers = [(name, value) for name, value in response.getheaders() if name.lower() in kept]
                status, answer = response.status, response.read()
                inner.close()
            self.send_response(status)
            for name, value in [*headers, ("content-length", str(len(answer)))]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - names of the standard library

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def test_a_store_behind_tls_and_a_key(node_url: str, prefix: str, many, tmp_path: Path, now: datetime) -> None:
    ca, key = _certificate(tmp_path / "a", "127.0.0.1")
    (tmp_path / "key").write_text(KEY + "\n")
    with _gate(node_url, (ca, key)) as port:
        given = address(f"https://127.0.0.1:{port}", api_key_file=tmp_path / "key", ca_file=ca, prefix=prefix)
        with ElasticStore(Cluster(given), lambda: now) as store:
            store.install()
            assert store.append(many(30), []).stored == 30
            assert sum(block.rows for block in store.blocks()) == 30


@pytest.mark.parametrize(("name", "trusted"), [("127.0.0.1", False), ("localhost", True)])
def test_a_certificate_of_others_or_for_another_name_is_refused(
    name: str, trusted: bool, node_url: str, tmp_path: Path
) -> None:
    ours, _ = _certificate(tmp_path / "ours", "127.0.0.1")
    theirs = _certificate(tmp_path / "theirs", name)
    with _gate(node_url, theirs) as port:
        given = address(f"https://127.0.0.1:{port}", api_key=KEY, ca_file=theirs[0] if trusted else ours)
        cluster = Cluster(given)
        with pytest.raises(StoreError, match="not trusted") as caught:
            cluster.ask("GET", "/_cluster/health")
        assert "--ca-file" in (caught.value.hint or "")
        cluster.close()


def test_a_key_that_is_not_known_is_told(node_url: str, tmp_path: Path) -> None:
    ca, key = _certificate(tmp_path / "a", "127.0.0.1")
    (tmp_path / "key").write_text("d3Jvbmc6a2V5\n")
    with _gate(node_url, (ca, key)) as port:
        words = ("--store", f"https://127.0.0.1:{port}", "--ca-file", str(ca), "--api-key-file", str(tmp_path / "key"))
        result = kulla("store", "status", *words, home=tmp_path / "home")
    assert result.code == 3
    assert "API key" in result.err
    assert "d3Jvbmc6a2V5" not in result.err
