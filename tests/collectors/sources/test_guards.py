"""A host's guards and package tools: what they found, whom they shut out, what was installed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def host(message: str) -> dict[str, Any]:
    return one("auth", "Mar  5 09:12:44 h1 " + message)


def test_a_virus_has_its_file_and_its_name() -> None:
    fields = host("clamd[9]: /tmp/x y.exe: Win.Test.EICAR_HDB-1(44d88612fea8a8f36de82e1278abb02f:68) FOUND")
    assert (fields["event.kind"], fields["event.category"]) == ("alert", ("malware",))
    assert (fields["file.path"], fields["rule.name"]) == ("/tmp/x y.exe", "Win.Test.EICAR_HDB-1")
    assert (fields["file.hash.md5"], fields["file.size"]) == ("44d88612fea8a8f36de82e1278abb02f", 68)
    assert fields["event.dataset"] == "clamav.log"  # what Sigma's rules for virus scanners look at
    fields = host("clamd[9]: /tmp/a: Fake.Name FOUND: Win.Real-1 FOUND")
    assert (fields["file.path"], fields["rule.name"]) == ("/tmp/a: Fake.Name FOUND", "Win.Real-1")
    assert "file.path" not in host("clamd[9]: instream(local): Win.Real-1 FOUND")
    fields = host("freshclam[9]: ERROR: Can't download daily.cvd")
    assert (fields["event.type"], fields["event.reason"]) == (("error",), "Can't download daily.cvd")


@pytest.mark.parametrize(
    ("message", "action", "types"),
    [
        ("NOTICE  [sshd] Ban 203.0.113.9", "banned", ("denied",)),
        ("[sshd] Unban 203.0.113.9", "unbanned", ("allowed",)),
        ("INFO    [sshd] Found 203.0.113.9 - 2024-03-05 09:12:44", "matched", ("info",)),
    ],
)
def test_whom_fail2ban_shut_out(message: str, action: str, types: tuple[str, ...]) -> None:
    fields = host(f"fail2ban.actions[9]: {message}")
    assert (fields["event.action"], fields["event.type"], fields["rule.name"]) == (action, types, "sshd")
    assert (fields["source.ip"], fields["event.dataset"]) == ("203.0.113.9", "system.syslog")


def test_fail2bans_own_file() -> None:
    line = "2024-03-05 09:12:44,123 fail2ban.actions        [812]: NOTICE  [sshd] Ban 203.0.113.9"
    started = "2024-03-05 09:12:40,001 fail2ban.server         [812]: INFO    Starting Fail2ban v1.0.2"
    assert known_as(f"{started}\n{line}\n") == "fail2ban"
    events, dead = read("fail2ban", f"{started}\n{line}\nno line\n")
    assert (len(events), len(dead)) == (2, 1)
    assert (events[1]["source.ip"], events[1]["event.action"]) == ("203.0.113.9", "banned")
    assert (events[1]["@timestamp"], events[1]["process.pid"]) == (at("2024-03-05T09:12:44.123"), 812)


def test_a_warning_about_a_rootkit() -> None:
    fields = host("rkhunter: Warning: The file properties have changed: /usr/bin/ls")
    assert (fields["event.kind"], fields["event.reason"][:8]) == ("alert", "The file")


def test_what_yum_installed_and_removed() -> None:
    for text in ("yum[9]: Installed: nginx-1.20.1-2.el9.x86_64", "dnf[9]: Installed: 1:nginx-1.20.1-2.el9.x86_64"):
        fields = host(text)
        assert (fields["package.name"], fields["package.version"]) == ("nginx", "1.20.1-2.el9")
        assert (fields["event.category"], fields["event.type"]) == (("package",), ("installation",))
    fields = one("auth", "Mar 05 09:12:44 Erased: nginx-1.20.1-2.el9.x86_64")
    assert (fields["package.name"], fields["event.type"]) == ("nginx", ("deletion",))


def test_dpkgs_log() -> None:
    log = (
        "2024-03-05 09:12:43 startup archives unpack\n"
        "2024-03-05 09:12:44 install nginx:amd64 <none> 1.22.1-9\n"
        "2024-03-05 09:12:44 status half-installed nginx:amd64 1.22.1-9\n"
        "2024-03-05 09:12:45 remove nginx:amd64 1.22.1-9 <none>\n"
    )
    assert known_as(log) == "dpkg"
    events, dead = read("dpkg", log + "what is this\n")
    assert (len(events), len(dead)) == (4, 1)
    assert [event["event.type"] for event in events] == [["info"], ["installation"], ["info"], ["deletion"]]
    assert (events[1]["package.name"], events[1]["package.version"]) == ("nginx", "1.22.1-9")
    assert events[3]["package.version"] == "1.22.1-9"
