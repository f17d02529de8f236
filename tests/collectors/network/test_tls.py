"""The version of TLS: one spelling for all that devices write, nothing for what is none; the same from every source."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.network.tls import find_tls, put_tls
from engine.events import Fields
from tests.collectors.reading import one

_WRITTEN = [
    ("TLSv1.2", "tls", "1.2"), ("TLSv1", "tls", "1.0"), ("TLS 1.3", "tls", "1.3"), ("tls-1.1", "tls", "1.1"),
    ("TLSv12", "tls", "1.2"), ("tls1.2", "tls", "1.2"), ("SSLv3", "ssl", "3.0"), ("DTLSv1.2", "dtls", "1.2"),
]  # fmt: skip
_LINES = {
    "postgresql": "2026-03-04 08:15:42.123 UTC [77] LOG:  connection authorized: user=app database=reg "
    "SSL enabled (protocol={}, cipher=X, bits=256)",
    "nginx": '192.0.2.1 - - [04/Mar/2026:08:15:42 +0000] "GET / HTTP/1.1" 200 5 "-" "x" {} ECDHE-RSA-AES128-SHA',
    "aws_cloudtrail": '{{"eventVersion":"1.09","eventTime":"2026-03-04T08:15:42Z","eventSource":"s3.amazonaws.com",'
    '"eventName":"ListBuckets","awsRegion":"eu-south-1","tlsDetails":{{"tlsVersion":"{}"}}}}',
    "exim": "2026-03-04 08:15:42 1abcde-000000-0A <= a@x.example H=m.example [192.0.2.1] P=esmtps X={}:X:256",
}


@pytest.mark.parametrize(("written", "protocol", "version"), _WRITTEN)
def test_one_spelling(written: str, protocol: str, version: str) -> None:
    fields: Fields = {}
    assert put_tls(written, fields)
    assert fields == {"tls.version_protocol": protocol, "tls.version": version}


@pytest.mark.parametrize(
    "text", ["", "-", "TLS", "TLSv", "TLSv1.2.3", "TLSv1.22", "UNDETERMINED", "XTLSv1.2", "TLSv1\u0662", "TLSv1.2 "]
)
def test_what_is_no_version_sets_nothing(text: str) -> None:
    fields: Fields = {}
    assert not put_tls(text, fields)
    assert fields == {}


@pytest.mark.parametrize("text", ["TLS_AES_128_GCM_SHA256", "/tls1.2/", "TLSv1.2.3", "TLSv1.2x", "noTLSv1.2"])
def test_a_version_within_a_text_stands_alone(text: str) -> None:
    fields: Fields = {}
    assert not find_tls(text, fields)
    assert find_tls(f"{text} TLSv1.3/X", fields)
    assert fields["tls.version"] == "1.3"


@pytest.mark.parametrize(("source", "line"), _LINES.items())
def test_sources_agree(source: str, line: str) -> None:
    def version(written: str) -> Any:
        fields = one(source, line.format(written) + "\n")
        return fields.get("tls.version_protocol"), fields.get("tls.version")

    assert version("TLSv1.3") == ("tls", "1.3")
    assert version("TLSv1") == ("tls", "1.0")
    assert version("TLSvX; DROP") == (None, None)
