"""PAN-OS' system logs in words and URL logs without a scheme: who, from where, and which page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.reading import one

STAMP = "2026/11/22 10:00:00"


def _system(subtype: str, event: str, text: str) -> dict[str, Any]:
    head = f"1,{STAMP},0123,SYSTEM,{subtype},2561,{STAMP},,{event},,0,0,general,informational"
    return one("panw", f'{head},"{text}",1,0x0,0,0,0,0,,fw1')


def test_the_account_is_the_one_that_is_named_and_not_the_next_word() -> None:
    fields = _system(
        "globalprotect",
        "globalprotectportal-auth-fail",
        "GlobalProtect portal user authentication failed. Login from: 198.51.100.7, User name: anna, Reason: locked.",
    )
    assert (fields["user.name"], fields["source.ip"]) == ("anna", "198.51.100.7")
    assert (fields["event.outcome"], fields["event.action"]) == ("failure", "globalprotectportal-auth-fail")


def test_a_log_in_of_an_administrator_is_authentication() -> None:
    fields = _system("general", "general", "User admin logged in via Web from 10.0.0.9 using https")
    assert (fields["user.name"], fields["event.category"]) == ("admin", ["authentication"])
    assert (fields["event.outcome"], fields["event.type"]) == ("success", ["info", "start"])
    fields = _system("general", "general", "User admin logged out via CLI from 10.0.0.9")
    assert fields["event.type"] == ["info", "end"]


@pytest.mark.parametrize(
    ("event", "text", "kind"),
    [
        (
            "globalprotectportal-auth-fail",
            "authentication failed. Login from: 198.51.100.7, Reason: timeout",
            "start",
        ),
        ("auth-routed-fail", "failed authentication for user 'anna'. Reason: server timed out", "start"),
        ("auth-success", "User 'anna' authenticated. Output of the outside server", "start"),
        ("globalprotectgateway-logout-succ", "GlobalProtect gateway user logout succeeded.", "end"),
        ("general", "User admin logged out via CLI from 10.0.0.9", "end"),
        ("auth-success", "User anna did log-out", "end"),
    ],
)
def test_an_end_is_a_log_out_and_no_other_word_with_out_in_it(event: str, text: str, kind: str) -> None:
    assert _system("auth", event, text)["event.type"] == ["info", kind]


def test_ends_of_tunnels_and_leases_are_read() -> None:
    fields = _system("vpn", "ike-nego-p1-fail", "Failed SA: 192.0.2.1[500]-198.51.100.7[4500] cookie:ab:cd.")
    assert (fields["source.ip"], fields["destination.ip"]) == ("192.0.2.1", "198.51.100.7")
    assert (fields["source.port"], fields["destination.port"]) == (500, 4500)
    fields = _system("dhcp", "lease-start", "DHCP lease started ip 10.0.0.77 --> mac 00:11:22:33:44:55 - hostname pc17")
    assert (fields["source.ip"], fields["source.mac"]) == ("10.0.0.77", "00-11-22-33-44-55")
    assert fields["source.domain"] == "pc17"


def test_a_url_without_a_scheme_has_a_host_and_a_path() -> None:
    flow = "10.0.0.4,203.0.113.5,0.0.0.0,0.0.0.0,web,anna,,web-browsing,vsys1,in,out,ae1,ae2,fwd"
    rest = f'{STAMP},1234,1,50123,80,0,0,0x403000,tcp,alert,"www.example.org:8080/a/b.php?x=1",(9999),any'
    fields = one("panw", f"1,{STAMP},0123,THREAT,url,2561,{STAMP},{flow},{rest},informational,client-to-server,1,0x0")
    assert (fields["url.domain"], fields["url.port"], fields["url.path"]) == ("www.example.org", 8080, "/a/b.php")
    assert (fields["url.query"], fields["url.extension"]) == ("x=1", "php")


def test_a_log_type_that_is_newer_than_the_tables_is_an_event() -> None:
    fields = one("panw", f"1,{STAMP},0123,NEWTYPE,start,2817,{STAMP},a,b,c")
    assert (fields["panw.panos.type"], fields["observer.serial_number"]) == ("NEWTYPE", "0123")
    assert fields["@timestamp"].isoformat() == "2026-11-22T10:00:00+00:00"


@pytest.mark.parametrize(
    ("event", "status", "asked"),
    [
        ("portal-auth", "failure", True),
        ("gateway-auth", "success", True),
        ("portal-prelogin", "success", False),
        ("gateway-connected", "success", False),
    ],
)
def test_who_asks_globalprotect_to_let_him_in_authenticates(event: str, status: str, asked: bool) -> None:
    line = (
        f"1,{STAMP},0123,GLOBALPROTECT,0,2562,{STAMP},vsys1,{event},login,SAML,,anna,EE,pc7,198.51.100.7,0.0.0.0,"
        f'0.0.0.0,0.0.0.0,hid,sn,6.1,Windows,"Windows 11",1,,,"",{status},,0,user-logon,0,gp,77,0x0'
    )
    fields = one("panw", line)
    assert ("authentication" in fields["event.category"]) is asked
    assert (fields["event.outcome"], fields["source.ip"], fields["user.name"]) == (status, "198.51.100.7", "anna")


def test_an_authentication_that_says_why_not_is_a_failure() -> None:
    line = (
        f"1,{STAMP},0123,AUTHENTICATION,0,2562,{STAMP},vsys1,10.0.0.5,anna,dom\\anna,web,pol,2,88,Duo,logs,prof,"
        '"User not found",Captive Portal,mfa,1,77,0x0,0,0,0,0,,fw1,1'
    )
    fields = one("panw", line)
    assert (fields["event.outcome"], fields["event.category"]) == ("failure", ["authentication"])


def test_what_the_firewall_puts_together_is_an_alert_with_a_rule() -> None:
    line = (
        f"1,{STAMP},0123,CORRELATION,,,{STAMP},10.0.0.5,dom\\anna,,compromised-host,critical,0,0,0,0,vsys1,fw1,1,"
        'beacon-heuristics,6005,"Host has visited a known malware URL (17 times)."'
    )
    fields = one("panw", line)
    assert (fields["event.kind"], fields["event.category"][0]) == ("alert", "malware")
    assert (fields["rule.name"], fields["rule.id"]) == ("beacon-heuristics", "6005")
    assert fields["event.reason"] == "Host has visited a known malware URL (17 times)."


def _threat(subtype: str, threat: str, misc: str) -> dict[str, Any]:
    head = (
        f"1,{STAMP},0123,THREAT,{subtype},2561,{STAMP},10.1.2.3,198.51.100.8,,,out,tax\\eva,,dns,vsys1,in,out,e1,e2,fwd"
    )
    return one("panw", f'{head},{STAMP},3,1,5353,53,0,0,0x0,udp,sinkhole,"{misc}",{threat},any,medium,client-to-server')


def test_a_threats_name_may_have_brackets_of_its_own() -> None:
    fields = _threat("wildfire", "Windows Executable (EXE)(52020)", "invoice.exe")
    assert (fields["event.code"], fields["rule.description"]) == ("52020", "Windows Executable (EXE)")
    assert fields["file.name"] == "invoice.exe"
    fields = _threat("spyware", "Suspicious DNS Query (generic:c2.example)(4000000)", "c2.example")
    assert (fields["event.code"], fields["dns.question.name"]) == ("4000000", "c2.example")
    fields = _threat("url", "(9999)", "evil.example/a")
    assert fields["event.code"] == "9999"
    assert "rule.description" not in fields


def test_the_cef_profile_of_a_threat_and_of_a_session() -> None:
    head = "CEF:0|Palo Alto Networks|PAN-OS|10.2.0"
    fields = one(
        "panw",
        f"{head}|vulnerability|THREAT|5|rt=Nov 22 2026 06:25:13 GMT src=203.0.113.4 dst=192.0.2.25 spt=4444 dpt=443 "
        "proto=tcp act=reset-both request=login.php cat=Apache Log4j Remote Code Execution(91991)",
    )
    assert (fields["event.code"], fields["rule.description"]) == ("91991", "Apache Log4j Remote Code Execution")
    assert (fields["file.name"], fields.get("url.domain")) == ("login.php", None)
    fields = one(
        "panw",
        f"{head}|end|TRAFFIC|1|rt=Nov 22 2026 06:25:13 GMT src=10.1.2.3 dst=198.51.100.8 proto=tcp act=allow "
        "cn3Label=Elapsed time in seconds cn3=60 reason=tcp-fin",
    )
    assert (fields["event.duration"], fields["event.reason"]) == (60_000_000_000, "tcp-fin")


def test_a_tunnel_that_could_not_be_negotiated_failed() -> None:
    text = "IKE phase-1 negotiation is failed as initiator, main mode. Failed SA: 192.0.2.1[500]-198.51.100.7[500]."
    fields = _system("vpn", "ike-nego-p1-fail", text)
    assert (fields["event.outcome"], fields["event.type"]) == ("failure", ["connection", "error"])
    assert (fields["source.ip"], fields["destination.ip"]) == ("192.0.2.1", "198.51.100.7")
