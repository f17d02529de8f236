"""FortiMail, FortiWeb and FortiProxy: what they say, and which of Fortinet's appliances a log is of."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_MAIL = "date=2024-03-05 time=09:12:44.018 device_id=FE100C0000000001 log_id=0003000001"
_SMTP = f'{_MAIL} type=event subtype=smtp pri=information user=mail ui=mail action=NONE status=N/A session_id="s1"'
_WEB = (
    "date=2024-03-05 time=09:12:44 log_id=20000010 msg_id=000000000042 device_id=FVVM000000000001 vd=root "
    'timezone="(GMT+1:00)Brussels"'
)
_ATTACK = (
    f'{_WEB} type=attack subtype="waf_signature_detection" pri=alert proto=tcp service=https/tls1.2 action=Alert_Deny '
    'policy="portal" src=198.51.100.7 src_port=4711 dst=192.0.2.80 dst_port=443 http_method=post http_url="/login?a=1" '
    'http_host="www.tax.example" http_agent="curl/8" signature_id="090300001" user_name="Unknown" msg="SQL injection"'
)
_PROXY = (
    'date=2024-03-05 time=09:12:44 devname="proxy1" devid="FPX2HD0000000001" logid="0022000036" type="traffic" '
    'subtype="http-transaction" level="notice" vd="root" srcip=198.51.100.7 srcport=50000 dstip=192.0.2.80 dstport=443 '
    'clientip=198.51.100.9 scheme="https" hostname="www.tax.example" url="https://www.tax.example/a?b=1" '
    'reqlength=134 resplength=9 user="eva" catdesc="Government" appcat="unscanned" statuscode=200'
)
_GATE = (
    'date=2024-03-05 time=09:12:44 devname="fw1" devid="FGT60E0000000001" logid="0000000013" type="traffic" '
    'subtype="forward" level="notice" vd="root" srcip=198.51.100.7 srcport=5 dstip=192.0.2.80 dstport=443 proto=6'
)


@pytest.mark.parametrize(
    ("line", "source"), [(_SMTP, "fortimail"), (_ATTACK, "fortiweb"), (_PROXY, "fortiproxy"), (_GATE, "fortigate")]
)
def test_appliances_are_told_apart(line: str, source: str) -> None:
    assert known_as(f"{line}\n" * 3) == source
    assert known_as(f"<189>Mar  5 09:12:45 relay1 {line}\n" * 3) == source


def test_a_mail_comes_from_the_relay_of_its_sender_and_goes_to_that_of_its_recipient() -> None:
    fields = one("fortimail", f'{_SMTP} msg="from=<a@tax.example>, size=9, proto=ESMTP, relay=[198.51.100.7]"')
    assert (fields["source.ip"], fields["email.from.address"]) == ("198.51.100.7", ["a@tax.example"])
    assert "destination.ip" not in fields
    assert (fields["event.category"], fields["@timestamp"]) == (["email"], at("2024-03-05T09:12:44.018"))
    sent = "to=<b@post.example>, delay=0, relay=mx.post.example. [192.0.2.25], dsn=2.0.0, stat=Sent (Ok, queued)"
    fields = one("fortimail", f'{_SMTP} msg="{sent}"')
    assert (fields["destination.ip"], fields["destination.domain"]) == ("192.0.2.25", "mx.post.example")
    assert (fields["event.reason"], fields["event.outcome"]) == ("Sent (Ok, queued)", "success")
    assert (fields["email.to.address"], fields["user.email"]) == (["b@post.example"], "b@post.example")


def test_whose_certificate_was_looked_at() -> None:
    fields = one("fortimail", f'{_SMTP} msg="STARTTLS=client, cert-subject=/CN=mx, cert-issuer=/CN=ca, verifymsg=ok"')
    assert (fields["tls.server.subject"], fields["tls.server.issuer"]) == ("/CN=mx", "/CN=ca")
    assert one("fortimail", f'{_SMTP} msg="STARTTLS=server, cert-subject=/CN=pc"')["tls.client.subject"] == "/CN=pc"


def test_a_virus_is_an_alert_and_a_clean_file_is_none() -> None:
    line = (
        f'{_MAIL} type=virus subtype=infected pri=information from="x@bad.example" to="eva@tax.example" '
        'client_name="mx.bad.example" client_ip="198.51.100.7" session_id="s" virus="Eicar" '
        f'msg="File name: a, b.doc(checksum: {"a1" * 32}), scanned by Antivirus Scanner(detected)"'
    )
    fields = one("fortimail", line)
    assert (fields["event.kind"], fields["event.category"]) == ("alert", ["malware", "email"])
    assert (fields["file.name"], fields["file.hash.sha256"]) == ("a, b.doc", "a1" * 32)
    assert (fields["source.ip"], fields["rule.name"]) == ("198.51.100.7", "Eicar")
    assert one("fortimail", line.replace("detected", "clean"))["event.kind"] == "event"


def test_what_became_of_a_mail() -> None:
    line = (
        f'{_MAIL} type=statistics pri=information session_id="s" client_name="mx" client_ip="198.51.100.7" '
        'dst_ip="192.0.2.25" from="x@bad.example" to="eva@tax.example" direction="in" disposition="Reject" '
        'classifier="Sender Reputation" subject="hello"'
    )
    fields = one("fortimail", line)
    assert (fields["event.action"], fields["event.type"], fields["network.direction"]) == (
        "Reject",
        ["denied"],
        "inbound",
    )
    assert (fields["event.reason"], fields["email.subject"]) == ("Sender Reputation", "hello")


@pytest.mark.parametrize("source", ["fortimail", "fortiweb"])
def test_log_ins_at_the_appliance(source: str) -> None:
    front = _MAIL if source == "fortimail" else _WEB
    line = (
        f"{front} type=event subtype=admin pri=alert user=admin ui=GUI(198.51.100.7) action=login status=failure "
        'msg="User admin login failed from GUI(198.51.100.7)"'
    )
    fields = one(source, line)
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], "failure")
    assert (fields["user.name"], fields["source.ip"]) == ("admin", "198.51.100.7")
    passed = one(source, line.replace("failure", "success").replace("login failed", "logged in"))
    assert passed["event.outcome"] == "success"


@pytest.mark.parametrize("source", ["fortimail", "fortiweb"])
def test_a_name_with_keys_in_it_forges_no_address(source: str) -> None:
    front = _MAIL if source == "fortimail" else _WEB
    line = (
        f"{front} type=event subtype=admin pri=alert user=x ui=GUI(192.0.2.9) ui=GUI(198.51.100.7) action=login "
        'status=failure msg="User x login failed"'
    )
    fields = one(source, line)
    assert fields["event.outcome"] == "failure"
    assert fields.get("source.ip") != "192.0.2.9"


def test_a_sender_with_keys_in_it_forges_no_address() -> None:
    line = (
        f'{_MAIL} type=virus subtype=infected pri=information from="a" client_ip="192.0.2.9" b@c" to="d" '
        'client_name="mx" client_ip="198.51.100.7" session_id="s" msg="Virus"'
    )
    assert one("fortimail", line).get("source.ip") != "192.0.2.9"


def test_an_attack_on_a_portal() -> None:
    fields = one("fortiweb", _ATTACK)
    assert (fields["event.kind"], fields["event.type"]) == ("alert", ["denied"])
    assert (fields["source.ip"], fields["destination.ip"]) == ("198.51.100.7", "192.0.2.80")
    assert (fields["url.domain"], fields["url.path"], fields["url.query"]) == ("www.tax.example", "/login", "a=1")
    assert (fields["http.request.method"], fields["rule.id"]) == ("POST", "090300001")
    assert fields["@timestamp"] == at("2024-03-05T08:12:44")
    assert "user.name" not in fields


def test_traffic_of_a_portal_and_who_stands_behind_a_proxy() -> None:
    line = _ATTACK.replace("type=attack", "type=traffic").replace("Alert_Deny", "none") + (
        " original_src=203.0.113.4 http_retcode=404 status=success"
    )
    fields = one("fortiweb", line)
    assert (fields["event.category"], fields["http.response.status_code"]) == (["web", "network"], 404)
    assert (fields["network.forwarded_ip"], fields["event.outcome"]) == ("203.0.113.4", "success")


def test_a_transaction_of_the_proxy() -> None:
    fields = one("fortiproxy", _PROXY)
    assert (fields["source.ip"], fields["client.ip"]) == ("198.51.100.7", "198.51.100.9")
    assert (fields["http.request.bytes"], fields["http.response.status_code"]) == (134, 200)
    assert (fields["url.path"], fields["user.name"], fields["rule.category"]) == ("/a", "eva", "Government")
    assert (fields["event.dataset"], fields["observer.product"]) == ("fortinet_fortiproxy.log", "FortiProxy")
    assert fields["event.category"] == ["network", "web"]


@pytest.mark.parametrize("source", ["fortimail", "fortiweb", "fortiproxy"])
def test_other_texts_are_dead_letters(source: str) -> None:
    events, dead = read(source, "date=2024-03-05 hello\n")
    assert not events
    assert "Forti" in str(dead[0].reason)
