"""Log-ins to file transfer and remote desktop services, what polkit granted and AppArmor refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.auth import services
from tests.collectors.reading import one


def _fields(message: str) -> dict[str, Any]:
    return one("auth", "Mar  5 09:12:44 h1 " + message)


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        ('vsftpd[10]: [anna] FAIL LOGIN: Client "198.51.100.7"', "failure"),
        ('vsftpd[10]: [anna] OK LOGIN: Client "198.51.100.7"', "success"),
        ("proftpd[10]: h1 (evil[198.51.100.7]) - USER anna (Login failed): Incorrect password", "failure"),
        ("proftpd[10]: h1 (evil[198.51.100.7]) - USER anna: Login successful.", "success"),
        ("pure-ftpd: (?@198.51.100.7) [WARNING] Authentication failed for user [anna]", "failure"),
        ("pure-ftpd: (?@198.51.100.7) [INFO] anna is now logged in", "success"),
        ("xrdp-sesman[10]: [ERROR] AUTHFAIL: user=anna ip=198.51.100.7 time=1709629964", "failure"),
        (
            "xrdp-sesman[10]: [INFO ] ++ created session (access granted): username anna, ip 198.51.100.7:40000 - x",
            "success",
        ),
    ],
)
def test_a_log_in_names_account_address_and_outcome(message: str, outcome: str) -> None:
    fields = _fields(message)
    assert (fields["user.name"], fields["source.ip"]) == ("anna", "198.51.100.7")
    assert fields["event.outcome"] == outcome
    assert "authentication" in fields["event.category"]


def test_a_file_that_was_brought_is_named() -> None:
    fields = _fields('vsftpd[10]: [anna] OK UPLOAD: Client "198.51.100.7", "/srv/a.php", 123 bytes, 1.2Kbyte/sec')
    assert (fields["event.action"], fields["file.path"], fields["file.size"]) == ("uploaded-file", "/srv/a.php", 123)


def test_polkit_tells_who_became_whom_for_what() -> None:
    fields = _fields(
        "polkitd[16]: Operator of unix-session:3 successfully authenticated as unix-user:root to gain TEMPORARY "
        "authorization for action org.example.manage for system-bus-name::1.55 [bash] (owned by unix-user:anna)"
    )
    assert (fields["user.name"], fields["user.effective.name"]) == ("anna", "root")
    assert (fields["system.auth.polkit.action"], fields["event.outcome"]) == ("org.example.manage", "success")


def test_apparmor_names_what_it_refused_to_whom() -> None:
    fields = _fields(
        'kernel: audit: type=1400 audit(1709629964.000:12): apparmor="DENIED" operation="open" profile="web" '
        'name="/etc/shadow" pid=44 comm="nginx" requested_mask="r"'
    )
    assert (fields["file.path"], fields["process.name"], fields["process.pid"]) == ("/etc/shadow", "nginx", 44)
    assert (fields["rule.name"], fields["event.outcome"]) == ("web", "failure")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_no_text_is_a_crash(text: str) -> None:
    for read in (services.read_vsftpd, services.read_proftpd, services.read_pure_ftpd, services.read_xrdp):
        read(text, {})
    services.read_polkit(text, {})
    services.read_apparmor(f'apparmor="DENIED" operation="open"{text}', {})


@pytest.mark.parametrize(
    ("message", "action", "expected"),
    [
        ("kernel: [12.5] device eth0 entered promiscuous mode", "entered-promiscuous-mode", {}),
        ("kernel: veth1: entered promiscuous mode", "entered-promiscuous-mode", {"system.syslog.interface": "veth1"}),
        (
            "kernel: usb 1-1: New USB device found, idVendor=0781, idProduct=5567, bcdDevice= 1.00",
            "connected-usb-device",
            {"device.model.identifier": "0781:5567"},
        ),
        ("kernel: veth1: left promiscuous mode", "left-promiscuous-mode", {"system.syslog.interface": "veth1"}),
        ("kernel: Web Content[9]: segfault at 0 ip 0 sp 0", "crashed", {"process.name": "Web Content"}),
        ("kernel: traps: nginx[12] trap invalid opcode ip:55 sp:7", "crashed", {"process.name": "nginx"}),
        ("kernel: traps: a[1] general protection fault ip:5 sp:7", "crashed", {"process.pid": 1}),
        (
            "kernel: Memory cgroup out of memory: Killed process 9 (java), UID 0",
            "out-of-memory",
            {"process.name": "java", "process.pid": 9},
        ),
        ("kernel: httpd[77]: segfault at 0 ip 0 sp 0 error 4", "crashed", {"process.name": "httpd", "process.pid": 77}),
        (
            "kernel: hello: module verification failed: signature and/or required key missing",
            "loaded-unsigned-module",
            {"file.name": "hello"},
        ),
        (
            "xinetd[66]: START: telnet pid=123 from=198.51.100.7",
            "connection",
            {"source.ip": "198.51.100.7", "network.application": "telnet", "process.pid": 123},
        ),
        (
            "xinetd[66]: FAIL: telnet address from=198.51.100.7",
            "connection",
            {"source.ip": "198.51.100.7", "event.outcome": "failure", "event.reason": "address"},
        ),
    ],
)
def test_what_befalls_the_machine_is_named(message: str, action: str, expected: dict[str, Any]) -> None:
    fields = _fields(message)
    assert fields["event.action"] == action
    assert {name: fields.get(name) for name in expected} == expected


def test_polkit_is_known_with_its_authority_behind_its_name() -> None:
    fields = _fields(
        "polkitd(authority=local)[66]: Operator of unix-session:2 FAILED to authenticate to gain authorization for "
        "action org.freedesktop.systemd1.manage-units for system-bus-name::1.1 [systemctl] (owned by unix-user:anna)"
    )
    assert (fields["user.name"], fields["event.outcome"]) == ("anna", "failure")


def test_an_unknown_account_of_a_file_server_is_whom_it_was_asked_for() -> None:
    head = "vsftpd[9]: pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=anna "
    assert _fields(head + "rhost=198.51.100.7")["user.name"] == "anna"
    assert _fields(head + "rhost=198.51.100.7  user=root")["user.name"] == "root"


def test_a_client_who_writes_pairs_into_its_name_forges_no_address() -> None:
    ssh = "sshd[9]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
    ftp = "vsftpd[9]: pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp "
    name = "x rhost=192.0.2.9  user=root"
    for text in (ssh + f"rhost=198.51.100.7  user={name}", ftp + f"ruser={name} rhost=198.51.100.7"):
        fields = _fields(text)
        assert (fields["source.ip"], fields["user.name"]) == ("198.51.100.7", name)
    fields = _fields('vsftpd[9]: [x] FAIL LOGIN: Client "192.0.2.9"] FAIL LOGIN: Client "198.51.100.7"')
    assert (fields["source.ip"], fields["user.name"]) == ("198.51.100.7", 'x] FAIL LOGIN: Client "192.0.2.9"')


def test_who_was_refused_has_a_name_where_it_is_one() -> None:
    for shown, name in (("pc.example", "pc.example"), ("eva@pc.example", "pc.example"), ("203.0.113.6", None)):
        fields = one("auth", f"Mar  5 09:12:44 srv1 sshd[7]: refused connect from {shown} (203.0.113.6)")
        assert (fields["source.ip"], fields.get("source.domain")) == ("203.0.113.6", name)


def test_another_su_tells_whose_place_was_taken() -> None:
    for result, outcome in (("failed", "failure"), ("succeeded", "success")):
        fields = one("auth", f"Mar  5 09:12:44 srv1 su: 'su root' {result} for eva on /dev/pts/1")
        assert (fields["user.name"], fields["user.effective.name"], fields["event.outcome"]) == ("eva", "root", outcome)
