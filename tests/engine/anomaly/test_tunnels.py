from __future__ import annotations

import json

import pytest

from engine.anomaly.models.tunnels import MODEL, registered
from tests.engine.anomaly.collected import fitted_to_life, observed


def dns(name: str, second: int = 0, kind: str = "A") -> str:
    return json.dumps({
        "_path": "dns", "ts": 1772582400 + second, "uid": "C1", "id.orig_h": "10.1.1.5", "id.orig_p": 50000,
        "id.resp_h": "10.1.0.53", "id.resp_p": 53, "proto": "udp", "query": name, "qtype_name": kind,
        "rcode_name": "NOERROR",
    })  # fmt: skip


def test_names_of_one_domain_are_gathered() -> None:
    names = [f"{n:032x}.t.evil.example" for n in range(30)]
    (row,) = observed(MODEL, "zeek", *(dns(name, n, "TXT") for n, name in enumerate(names)), dns("www.gov.al"))
    assert row["kulla.entity"] == "10.1.1.5"
    assert row["domain"] == "evil.example"
    assert row["names"] == 30
    assert row["characters"] == 30 * 33
    assert row["odd_types"] == 1.0


def test_reverse_and_local_names_are_left_out() -> None:
    assert not observed(MODEL, "zeek", *(dns(f"{n}.1.168.192.in-addr.arpa", n) for n in range(20)))
    assert not observed(MODEL, "zeek", *(dns(f"printer{n}.local", n) for n in range(20)))


@pytest.mark.parametrize(
    ("name", "domain"),
    [("a.b.example.com", "example.com"), ("portal.tatime.gov.al", "tatime.gov.al"), ("x.co.uk.", "x.co.uk"),
     ("example", "example"), ("WWW.Example.AL", "example.al")],
)  # fmt: skip
def test_registered_domains(name: str, domain: str) -> None:
    assert registered(name) == domain


def test_telemetry_of_many_hosts_is_no_tunnel() -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    values = fitted.score(normal).values
    telemetry = [
        v for v, domain in zip(values, normal.column("domain").to_pylist(), strict=True) if domain == "example.net"
    ]
    attacks = fitted.score(MODEL.attacks(normal, seed=1)).values
    assert telemetry
    assert max(telemetry) < attacks.min()
