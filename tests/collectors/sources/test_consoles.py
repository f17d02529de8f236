"""Log-ins to the web consoles of hypervisors and firewalls, as a host's syslog tells them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.reading import one


def host(message: str) -> dict[str, Any]:
    return one("auth", "Mar  5 09:12:44 h1 " + message)


@pytest.mark.parametrize(
    ("message", "outcome", "user", "address"),
    [
        ("pvedaemon[9]: authentication failure; rhost=::ffff:198.51.100.7 user=eva@pam msg=no such user ('eva@pam')",
         "failure", "eva@pam", "198.51.100.7"),
        ("pveproxy[9]: authentication failure; rhost=2001:db8::7 user=eva@pve msg=Authentication failure",
         "failure", "eva@pve", "2001:db8::7"),
        ("proxmox-backup-proxy[9]: authentication failure; rhost=[2001:db8::7]:50112 user=a@pbs msg=no",
         "failure", "a@pbs", "2001:db8::7"),
        ("proxmox-backup-api[9]: authentication failure; rhost=198.51.100.7:50112 user=a@pbs msg=no",
         "failure", "a@pbs", "198.51.100.7"),
        ("pvedaemon[9]: <root@pam> successful auth for user 'eva@pam'", "success", "eva@pam", None),
        ("php-fpm[9]: /index.php: webConfigurator authentication error for user 'eva' from: 198.51.100.7",
         "failure", "eva", "198.51.100.7"),
        ("php[9]: /index.php: webConfigurator authentication error for 'eva' from 198.51.100.7",
         "failure", "eva", "198.51.100.7"),
        ("php-fpm[9]: /index.php: Successful login for user 'eva' from: 2001:db8::7 (Local Database)",
         "success", "eva", "2001:db8::7"),
        ("audit[9]: /index.php: Web GUI authentication error for 'eva' from 198.51.100.7",
         "failure", "eva", "198.51.100.7"),
        ("audit[9]: user eva authenticated successfully for WebGui [using Local]", "success", "eva", None),
        ("webmin[9]: Successful login as eva from 198.51.100.7", "success", "eva", "198.51.100.7"),
        ("webmin[9]: Non-existent login as eva from 198.51.100.7", "failure", "eva", "198.51.100.7"),
        ("https[9]: Failed password for eva from 198.51.100.7 port 50112", "failure", "eva", "198.51.100.7"),
    ],
)  # fmt: skip
def test_who_logged_in_to_a_console(message: str, outcome: str, user: str, address: str | None) -> None:
    fields = host(message)
    assert fields["event.category"][0] == "authentication"
    assert (fields["event.outcome"], fields["user.name"], fields.get("source.ip")) == (outcome, user, address)


@pytest.mark.parametrize(
    "message",
    [
        "php-fpm[9]: /index.php: webConfigurator authentication error for user 'x' from: 192.0.2.9' from: 198.51.100.7",
        "audit[9]: /index.php: Web GUI authentication error for 'x' from 192.0.2.9' from 198.51.100.7",
        "webmin[9]: Invalid login as x from 192.0.2.9 from 198.51.100.7",
        "pvedaemon[9]: authentication failure; rhost=198.51.100.7 user=x rhost=192.0.2.9 user=y@pam msg=no such user",
    ],
)
def test_a_name_forges_no_address(message: str) -> None:
    assert host(message)["source.ip"] == "198.51.100.7"


def test_what_was_changed_on_a_firewall_and_begun_on_a_hypervisor() -> None:
    changed = host("php-fpm[9]: /system.php: Configuration Change: eva@198.51.100.7 (Local Database): DNS was saved")
    assert (changed["event.category"], changed["user.name"]) == (("configuration",), "eva")
    assert (changed["source.ip"], changed["event.reason"]) == ("198.51.100.7", "DNS was saved")
    task = host("pvedaemon[9]: <eva@pam> starting task UPID:n1:0001:0002:65:vncproxy:100:eva@pam:")
    assert (task["event.action"], task["user.name"]) == ("started-task", "eva@pam")
