"""What BIG-IP says of its own management and of sessions: log-ins, commands, changes, refusals, pool members."""

from __future__ import annotations

import pytest

from tests.collectors.reading import one

HEAD = "Mar  5 09:12:44 bigip1 "


def test_a_failed_log_in_to_the_management_is_read() -> None:
    text = "01070417:6: AUDIT - user root - RAW: sshd(pam_audit): User=root tty=ssh host=203.0.113.66 failed to login"
    fields = one("f5_bigip", HEAD + "info sshd(pam_audit)[100]: " + text + ' after 1 attempts (start="x").')
    assert (fields["user.name"], fields["source.ip"]) == ("root", "203.0.113.66")
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], "failure")
    assert fields["process.name"] == "sshd(pam_audit)"


def test_a_log_in_and_its_end_are_told_apart() -> None:
    text = "01070417:5: AUDIT - user anna - RAW: httpd(mod_auth_pam): user=anna(anna) level=Operator host=10.0.0.9"
    begun = one("f5_bigip", HEAD + "notice httpd[100]: " + text + ' attempts=1 start="Tue".')
    ended = one("f5_bigip", HEAD + "notice httpd[100]: " + text + ' attempts=1 start="Tue" end="Wed".')
    assert (begun["event.action"], begun["event.type"], begun["event.outcome"]) == ("login", ["start"], "success")
    assert (ended["event.action"], ended["event.type"]) == ("logout", ["end"])


def test_a_command_names_who_ran_it_and_whether_it_changed_something() -> None:
    head = HEAD + "notice tmsh[100]: 01420002:5: AUDIT - pid=100 user=anna folder=/Common module=(tmos)# "
    changed = one("f5_bigip", head + "status=[Command OK] cmd_data=modify ltm virtual web disabled")
    assert (changed["user.name"], changed["process.command_line"]) == ("anna", "modify ltm virtual web disabled")
    assert (changed["event.category"], changed["event.type"]) == (["configuration"], ["change"])
    refused = one("f5_bigip", head + "status=[Syntax Error: x] cmd_data=list ltm")
    assert (refused["event.type"], refused["event.outcome"]) == (["access"], "failure")


def test_a_changed_object_is_a_change_of_configuration() -> None:
    text = 'user admin - transaction #12-2 - object 0 - modify { virtual_server { name "/Common/web" } } '
    fields = one("f5_bigip", HEAD + f"notice mcpd[100]: 01070417:5: AUDIT - client x, {text}[Status=Command OK]")
    assert (fields["user.name"], fields["event.action"], fields["event.outcome"]) == ("admin", "modify", "success")


@pytest.mark.parametrize(
    ("verb", "kind"),
    [("create", "creation"), ("create_if", "creation"), ("delete", "deletion"), ("obj_delete", "deletion")],
)
def test_the_verb_of_a_change_is_read_whole(verb: str, kind: str) -> None:
    text = (
        f"client x, user admin - transaction #12-2 - object 0 - {verb} {{ folder {{ name web }} }} [Status=Command OK]"
    )
    fields = one("f5_bigip", HEAD + f"notice mcpd[100]: 01070417:5: AUDIT - {text}")
    assert (fields["event.action"], fields["event.type"]) == (verb, [kind])


def test_sessions_of_the_access_policy_name_addresses_accounts_and_refusals() -> None:
    head = HEAD + "notice apmd[100]: 01490500:5: /Common/vpn:Common:abcd1234: "
    fields = one("f5_bigip", head + "New session from client IP 198.51.100.7 (ST=/CC=DE/C=EU) at VIP 192.0.2.80 x")
    assert (fields["source.ip"], fields["destination.ip"]) == ("198.51.100.7", "192.0.2.80")
    fields = one("f5_bigip", head + "Assigned PPP Dynamic IPv4: 10.9.0.4 Tunnel Type: X Client IP: 198.51.100.7")
    assert (fields["source.ip"], fields["source.nat.ip"]) == ("198.51.100.7", "10.9.0.4")
    assert one("f5_bigip", head + "Access policy result: Logon_Deny")["event.outcome"] == "failure"
    fields = one("f5_bigip", head + "Session variable 'session.logon.last.username' set to anna")
    assert fields["user.name"] == "anna"


def test_a_pool_member_is_an_address_and_a_port() -> None:
    text = "01070638:5: Pool /Common/web member /Common/10.0.0.80:443 monitor status down."
    fields = one("f5_bigip", HEAD + "notice mcpd[100]: " + text)
    assert (fields["destination.ip"], fields["destination.port"]) == ("10.0.0.80", 443)


def test_a_daemon_that_writes_no_number_is_an_event() -> None:
    fields = one("f5_bigip", HEAD + "notice ntpd[77]: time slew +0.001 s")
    assert (fields["process.name"], fields["log.level"]) == ("ntpd", "notice")
    assert fields["event.reason"] == "time slew +0.001 s"


def test_what_a_daemon_says_without_a_number_is_an_event() -> None:
    fields = one("f5_bigip", "httpd[123]: [error] [client 10.1.1.5] AUTHCACHE Error processing cookie")
    assert (fields["process.name"], fields["process.pid"]) == ("httpd", 123)
    assert fields["event.reason"] == "[error] [client 10.1.1.5] AUTHCACHE Error processing cookie"


def test_log_ins_that_a_daemon_tells_without_a_number_are_read() -> None:
    fields = one("f5_bigip", HEAD + "info sshd[9]: Failed password for invalid user eve from 203.0.113.66 port 4 ssh2")
    assert (fields["user.name"], fields["source.ip"], fields["event.outcome"]) == ("eve", "203.0.113.66", "failure")
    assert (fields["process.name"], fields["process.pid"], fields["event.module"]) == ("sshd", 9, "f5_bigip")


def test_a_reset_connection_has_both_ends_and_a_session_its_client() -> None:
    reset = "01230140:3: RST sent from 10.0.0.80:443 to 203.0.113.66:51234, [0x1:2] TCP retransmit timeout"
    fields = one("f5_bigip", HEAD + "err tmm[100]: " + reset)
    assert (fields["source.ip"], fields["source.port"]) == ("10.0.0.80", 443)
    assert (fields["destination.ip"], fields["destination.port"]) == ("203.0.113.66", 51234)
    variable = HEAD + "notice apmd[1]: 01490113:5: /Common/ap:Common:abcd1234: session."
    assert one("f5_bigip", variable + "logon.last.username is eva")["user.name"] == "eva"
    assert one("f5_bigip", variable + "user.clientip is 203.0.113.66")["source.ip"] == "203.0.113.66"
