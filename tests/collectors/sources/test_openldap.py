"""slapd's log: the answer to a bind, the session's encryption, and changes of the directory."""

from __future__ import annotations

from collectors.registry import find
from collectors.source import Options, Record
from engine.events import Fields


def _fields(text: str) -> Fields:
    line = f"Mar 10 08:00:01 ldap1 slapd[841]: conn=1000 {text}"
    return find("openldap").open(Options()).parse(Record(offset=0, number=1, raw=line.encode())) or {}


def test_the_answer_to_a_bind_is_the_end_of_a_log_in() -> None:
    fields = _fields("op=0 RESULT tag=97 err=49 qtime=0.000009 etime=0.000156 text=")
    assert "authentication" in fields["event.category"]
    assert (fields["event.outcome"], fields["event.code"]) == ("failure", "49")
    assert "authentication" not in _fields("op=1 RESULT tag=101 err=0 text=")["event.category"]


def test_tls_has_version_and_cipher() -> None:
    fields = _fields("fd=12 TLS established tls_ssf=256 ssf=256 tls_proto=TLSv1.3 tls_cipher=TLS_AES_256_GCM_SHA384")
    assert (fields["tls.version"], fields["tls.version_protocol"]) == ("1.3", "tls")
    assert fields["tls.cipher"] == "TLS_AES_256_GCM_SHA384"


def test_a_change_is_told_once() -> None:
    assert tuple(_fields('op=2 MOD dn="uid=eva,dc=gov,dc=example"')["event.type"]) == ("change",)
    assert tuple(_fields('op=2 ADD dn="uid=eva,dc=gov,dc=example"')["event.type"]) == ("creation", "change")
