"""FortiClient: connections judged on a workstation."""

from __future__ import annotations

import pytest

from tests.collectors.reading import known_as, one, read

_LINE = (
    "March 5 09:12:44 pc7 proto=tcp service=http status=deny src=192.0.2.7 dst=198.51.100.7 src_port=50000 "
    "dst_port=80 server_app=x pid=6096 app_name=curl traff_direct=outbound block_count=2 "
    "logon_user=ana@example.org msg=blocked"
)


@pytest.mark.parametrize(
    ("status", "verdict", "outcome"), [("deny", "denied", "failure"), ("accept", "allowed", "success")]
)
def test_a_connection(status: str, verdict: str, outcome: str) -> None:
    fields = one("forticlient", _LINE.replace("deny", status))
    assert (fields["source.ip"], fields["destination.port"], fields["process.name"]) == ("192.0.2.7", 80, "curl")
    assert (fields["event.type"], fields["event.outcome"]) == (["connection", verdict], outcome)
    assert (fields["user.name"], fields["user.domain"], fields["host.name"]) == ("ana", "example.org", "pc7")
    assert (fields["network.direction"], fields["network.protocol"]) == ("outbound", "http")


def test_a_key_that_stands_twice_says_nothing() -> None:
    fields = one("forticlient", f"{_LINE} src=203.0.113.9")
    assert "source.ip" not in fields


def test_it_is_known_and_what_is_none_is_a_dead_letter() -> None:
    assert known_as(_LINE) == "forticlient"
    events, dead = read("forticlient", f"{_LINE}\nproto=tcp src=192.0.2.1\n")
    assert (len(events), len(dead)) == (1, 1)
