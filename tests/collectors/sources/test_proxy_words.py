"""HAProxy and squid about themselves, and whose account and whose bytes a proxy counted."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, one

HEAD = "Mar  5 09:12:44 lb1 "


def test_a_server_that_is_down_has_a_reason() -> None:
    text = "Server web/s1 is DOWN, reason: Layer4 timeout, check duration: 2001ms. 1 active and 0 backup servers left."
    fields = one("haproxy", HEAD + "haproxy[10]: " + text)
    assert (fields["event.action"], fields["event.reason"]) == ("server-down", "Layer4 timeout")
    assert (fields["haproxy.backend_name"], fields["haproxy.server_name"]) == ("web", "s1")


def test_what_haproxy_says_besides_is_an_event() -> None:
    fields = one("haproxy", HEAD + "haproxy[10]: [NOTICE]   (10) : New worker (12) forked")
    assert fields["message"] == "[NOTICE]   (10) : New worker (12) forked"
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_bytes_of_a_connection_are_the_servers() -> None:
    line = "haproxy[10]: 198.51.100.7:40000 [05/Mar/2024:09:12:44.123] in out/s1 1/0/5000 212 -- 0/0/0/0/0 0/0"
    fields = one("haproxy", HEAD + line)
    assert fields["destination.bytes"] == 212
    assert "source.bytes" not in fields


def test_an_account_with_a_domain_is_divided() -> None:
    line = "1709629964.123 345 10.0.0.4 TCP_MISS/200 12 GET http://www.example.org/a EX\\anna HIER_DIRECT/203.0.113.5 -"
    fields = one("squid", line)
    assert (fields["user.domain"], fields["user.name"]) == ("EX", "anna")


def test_squids_words_in_syslog_are_an_event() -> None:
    fields = one("squid", HEAD + "squid[10]: Starting Squid Cache version 6.6 for x86_64-pc-linux-gnu...")
    assert (fields["event.dataset"], fields["host.name"]) == ("squid.cache", "lb1")


def test_the_version_of_tls_that_traefik_names_is_read() -> None:
    line = '{"ClientHost":"198.51.100.7","RequestMethod":"GET","RequestPath":"/a","TLSVersion":"1.2","TLSCipher":"X"}'
    fields = one("traefik", line)
    assert (fields["tls.version"], fields["tls.version_protocol"], fields["tls.cipher"]) == ("1.2", "tls", "X")


@pytest.mark.parametrize(
    ("text", "action", "backend"),
    [
        ("backend web has no server available!", "backend-down", "web"),
        ("[ALERT]    (10) : backend 'web' has no server available!", "backend-down", "web"),
        ("Proxy web started.", "proxy-started", "web"),
        ("Stopping frontend web in 0 ms.", "proxy-stopped", "web"),
        ("[WARNING] 064/091244 (10) : Server web/s1 is DOWN, reason: Layer4 timeout, x", "server-down", "web"),
    ],
)
def test_what_becomes_of_a_proxy_is_named(text: str, action: str, backend: str) -> None:
    fields = one("haproxy", HEAD + "haproxy[10]: " + text)
    assert (fields["event.action"], fields["haproxy.backend_name"]) == (action, backend)
    assert fields["message"] == text


def test_the_https_format_has_name_and_cipher() -> None:
    line = (
        "haproxy[10]: 198.51.100.7:40000 [05/Mar/2024:09:12:44.123] in~ out/s1 0/0/1/2/3 200 12 - - ---- 1/1/0/0/0 0/0 "
        '"GET https://tax.gov.example/a HTTP/2.0" 0/0/0/0/1 tax.gov.example/TLSv1.3/TLS_AES_256_GCM_SHA384'
    )
    fields = one("haproxy", HEAD + line)
    assert (fields["tls.client.server_name"], fields["tls.cipher"]) == ("tax.gov.example", "TLS_AES_256_GCM_SHA384")
    assert fields["tls.version"] == "1.3"
    refused = one("haproxy", HEAD + line.replace("tax.gov.example/TLSv1.3/TLS_AES_256_GCM_SHA384", "-/-/-"))
    assert not {"tls.client.server_name", "tls.cipher"} & refused.keys()


def test_the_clf_format_says_the_same_in_another_order() -> None:
    line = (
        'haproxy[10]: 198.51.100.7 - - [05/Mar/2024:09:12:44 +0000] "GET /a?b=c HTTP/1.1" 404 45 "" "" 51234 123 "web" '
        '"app" "s1" 1 2 3 4 10 "----" 1 1 0 0 0 0 0 "" ""'
    )
    fields = one("haproxy", HEAD + line)
    assert (fields["source.ip"], fields["source.port"]) == ("198.51.100.7", 51234)
    assert (fields["http.response.status_code"], fields["event.outcome"]) == (404, "failure")
    assert (fields["http.request.method"], fields["url.original"]) == ("GET", "/a?b=c")
    assert (fields["haproxy.frontend_name"], fields["haproxy.server_name"]) == ("web", "s1")
    assert (fields["event.duration"], fields["haproxy.time_queue"]) == (10_000_000, 2)
