"""FortiGate's records beyond traffic: what a session's translation, file, certificate and lease say."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from collectors.registry import find
from collectors.source import Options, Record
from engine.events import Fields, Value

HEAD = 'date=2024-05-01 time=10:00:00 devname="fw1" devid="FGT60" logid="0000000013" level="notice" vd="root" '
CHECKSUM = "275A021BBFB6489E54D471899F7DB9D1663FC695EC2FE2A2C4538AABF651FD0F"
CERTIFICATE = "0b92696e6e9e54228bfa61d3bebe5b0ed6b61c80"


def _fields(text: str) -> Fields:
    return find("fortigate").open(Options()).parse(Record(offset=0, number=1, raw=(HEAD + text).encode())) or {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            (
                'type="traffic" subtype="forward" srcip=10.0.0.7 srcport=4000 trandisp="snat" transip=198.51.100.4 '
                "transport=50066"
            ),
            {"source.port": 4000, "source.nat.ip": "198.51.100.4", "source.nat.port": 50066},
        ),
        (
            f'type="utm" subtype="virus" filename="x.exe" analyticscksum="{CHECKSUM}"',
            {"file.name": "x.exe", "file.hash.sha256": CHECKSUM.lower()},
        ),
        (
            f'type="utm" subtype="ssl" tlsver="tls1.2" sni="www.example" certhash="{CERTIFICATE}"',
            {
                "tls.version": "1.2",
                "tls.version_protocol": "tls",
                "tls.client.server_name": "www.example",
                "tls.server.hash.sha1": CERTIFICATE.upper(),
            },
        ),
        (
            'type="event" subtype="system" dhcp_msg="Ack" mac="00:50:56:aa:bb:cc" ip=10.0.0.7 hostname="desk7"',
            {"source.ip": "10.0.0.7", "source.domain": "desk7", "destination.domain": None},
        ),
    ],
    ids=("translation", "file", "certificate", "lease"),
)
def test_a_record_s_values_stand_under_their_ecs_names(text: str, expected: Mapping[str, Value]) -> None:
    fields = _fields(text)
    assert {name: fields.get(name) for name in expected} == expected


@pytest.mark.parametrize("text", ['analyticscksum="not a checksum"', 'certhash="zz"', 'tlsver="quic"'])
def test_values_of_another_kind_are_no_hash_and_no_version(text: str) -> None:
    fields = _fields('type="utm" subtype="ssl" ' + text)
    assert not [name for name in fields if name.startswith(("file.hash.", "tls."))]


def test_a_changed_configuration_is_one() -> None:
    fields = _fields('type="event" subtype="system" logdesc="Configuration changed" user="anna" ui="ssh(10.0.0.3)"')
    assert (fields["event.category"], fields["event.type"]) == (["configuration"], ["change"])
    assert (fields["user.name"], fields["source.ip"]) == ("anna", "10.0.0.3")


@pytest.mark.parametrize(
    ("place", "action", "expected"),
    [
        ("system.admin", "Add", (["iam", "configuration"], ["user", "creation"], "evil", None)),
        ("user.local", "Delete", (["iam", "configuration"], ["user", "deletion"], "evil", None)),
        ("user.group", "Edit", (["iam", "configuration"], ["group", "change"], None, "evil")),
        ("firewall.policy", "Edit", (["configuration"], ["change"], None, None)),
    ],
)
def test_a_change_of_who_may_do_what_names_whom(
    place: str, action: str, expected: tuple[list[str], list[str], str | None, str | None]
) -> None:
    fields = _fields(
        f'type="event" subtype="system" logdesc="Object attribute configured" user="anna" ui="GUI(10.0.0.3)" '
        f'action="{action}" cfgtid=5 cfgpath="{place}" cfgobj="evil" msg="x"'
    )
    assert tuple(fields.get(name) for name in ("event.category", "event.type", "user.target.name", "group.name")) == (
        expected
    )
    assert fields["user.name"] == "anna"


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ('type="event" subtype="vpn" action="tunnel-down" user="N/A" xauthuser="eva"', "user.name", "eva"),
        ('type="utm" subtype="ssh" login="root" command="ls"', "user.name", "root"),
        ('type="utm" subtype="waf" direction="request"', "network.direction", None),
        ('type="utm" subtype="waf" direction="outgoing"', "network.direction", "outbound"),
    ],
)
def test_accounts_that_stand_elsewhere_and_words_that_are_no_direction(
    text: str, name: str, expected: str | None
) -> None:
    assert _fields(text).get(name) == expected
