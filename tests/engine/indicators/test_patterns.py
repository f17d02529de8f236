"""STIX patterns: what is understood comes to traits, what is not is told with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.indicators.model import NotUnderstoodError, Trait
from engine.indicators.patterns import alternatives

IP = Trait("ip", "equals", "203.0.113.9")
HASH = "a" * 64


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("[ipv4-addr:value = '203.0.113.9']", ((IP,),)),
        ("  [ ipv4-addr:value='203.0.113.9' ] ", ((IP,),)),
        ("[ipv4-addr:value IN ('203.0.113.9', '203.0.113.9')]", ((IP,),)),
        ("[ipv4-addr:value ISSUBSET '203.0.113.0/24']", ((Trait("ip", "in net", "203.0.113.0/24"),),)),
        ("[ipv4-addr:value = '203.0.113.0/24']", ((Trait("ip", "in net", "203.0.113.0/24"),),)),
        ("[domain-name:value = 'EVIL.Example.']", ((Trait("domain", "equals", "evil.example"),),)),
        (f"[file:hashes.'SHA-256' = '{HASH.upper()}']", ((Trait("hash", "equals", HASH),),)),
        (f"[file:hashes.MD5 = '{'b' * 32}']", ((Trait("hash", "equals", "b" * 32),),)),
        ("[file:name LIKE 'evil%.dll']", ((Trait("filename", "like", "evil%.dll"),),)),
        (
            r"[url:value MATCHES '^https?://evil\\.example/']",
            ((Trait("url", "matches", r"^https?://evil\.example/"),),),
        ),
        (
            "[email-message:from_ref.value = 'a@evil.example']",
            ((Trait("email", "equals", "a@evil.example", "source"),),),
        ),
        (
            "[ipv4-addr:value = '203.0.113.9'] OR [domain-name:value = 'evil.example']",
            ((Trait("domain", "equals", "evil.example"),), (IP,)),
        ),
        (
            "[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 4444]",
            ((Trait("ip", "equals", "203.0.113.9", "destination"), Trait("port", "equals", "4444", "destination")),),
        ),
        (
            "[(domain-name:value = 'a.example' OR domain-name:value = 'b.example') AND file:name = 'evil.dll']",
            tuple(
                (Trait("domain", "equals", f"{letter}.example"), Trait("filename", "equals", "evil.dll"))
                for letter in "ab"
            ),
        ),
        ("[ipv4-addr:value = '203.0.113.9' /* it's here */] // end", ((IP,),)),
        ("[domain-name:value = 'evil.duckdns.org']", ((Trait("domain", "equals", "evil.duckdns.org"),),)),
        (r"[file:name = 'it\'s.exe']", ((Trait("filename", "equals", "it's.exe"),),)),
    ],
)
def test_what_one_event_can_show_is_understood(pattern: str, wanted: object) -> None:
    assert alternatives(pattern) == wanted


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[ipv4-addr:value = '203.0.113.9'] AND [file:name = 'evil.dll']", "several events"),
        ("[ipv4-addr:value = '203.0.113.9'] FOLLOWEDBY [file:name = 'evil.dll']", "several events"),
        ("[ipv4-addr:value = '203.0.113.9'] REPEATS 5 TIMES", "REPEATS"),
        ("[ipv4-addr:value = '203.0.113.9'] WITHIN 5 SECONDS", "WITHIN"),
        ("[file:size = 3]", "nothing like file:size"),
        ("[mutex:name = 'x']", "nothing like mutex:name"),
        ("[ipv4-addr:value != '203.0.113.9']", "!= is not understood"),
        ("[ipv4-addr:value NOT = '203.0.113.9']", "NOT"),
        ("[EXISTS file:name]", "EXISTS"),
        ("[network-traffic:dst_port = 443]", "a port alone"),
        ("[ipv4-addr:value = '127.0.0.1']", "warning list: the machine itself"),
        ("[ipv4-addr:value = '10.1.2.3']", "private"),
        ("[ipv4-addr:value ISSUBSET '0.0.0.0/0']", "warning list"),
        ("[ipv4-addr:value = 'evil']", "not an address"),
        ("[domain-name:value = 'google.com']", "everybody uses"),
        ("[domain-name:value = 'duckdns.org']", "anybody"),
        ("[domain-name:value LIKE '%']", "too broad"),
        ("[url:value MATCHES '.*']", "too broad"),
        ("[url:value MATCHES '(abc(?=d)efgh']", "linear"),
        ("[file:name = 'a.exe", "no pattern of STIX"),
        ("[file:name = ]", "a text or a number"),
        ("[file:name]", "is not understood"),
        ("", "ends too early|wanted"),
        ("[file:name = 'evil.dll']]", "one too many"),
        ("(" * 100 + "[file:name = 'evil.dll']" + ")" * 100, "brackets"),
        (
            "["
            + " AND ".join("(" + " OR ".join(f"file:name = 'n{k}{n}.dll'" for n in range(20)) + ")" for k in "abcd")
            + "]",
            "too many alternatives",
        ),
    ],
)
def test_what_is_not_understood_says_why(pattern: str, reason: str) -> None:
    with pytest.raises(NotUnderstoodError, match=reason):
        alternatives(pattern)


@settings(max_examples=60)
@given(st.text(alphabet="[]()'\\:=.,*<>! abINORADfile:nm/-0", max_size=60))
def test_no_text_does_worse_than_not_being_understood(pattern: str) -> None:
    try:
        found = alternatives(pattern)
    except NotUnderstoodError:
        return
    assert found
