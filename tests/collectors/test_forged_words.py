"""Who is refused chooses its own name: the message's words in it, an address of somebody else among them, name nobody.

A wrong address here is an innocent who is blocked and an attacker who is not.
"""

from __future__ import annotations

import json

import pytest

from tests.collectors.reading import one

_OWN = "198.51.100.7"
_FORGED = "192.0.2.9"
_SSHD = "Mar  5 09:12:44 h1 sshd[9]: "


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("auth", f"{_SSHD}Failed password for invalid user x from {_FORGED} port 2 ssh2 from {_OWN} port 5 ssh2"),
        ("auth", f"{_SSHD}Invalid user x from {_FORGED} port 2 from {_OWN} port 5"),
        ("auth", f"{_SSHD}Connection closed by invalid user x {_FORGED} port 2 {_OWN} port 5 [preauth]"),
        (
            "dovecot",
            (
                f"Mar  5 09:12:44 h1 dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<x>, "
                f"rip={_FORGED}, lip=192.0.2.1>, method=PLAIN, rip={_OWN}, lip=192.0.2.1, session=<a>"
            ),
        ),
        (
            "cisco_asa",
            (
                "<166>Mar 05 2024 09:12:44: %ASA-6-113005: AAA user authentication Rejected : reason = AAA failure : "
                f"server = 192.0.2.1 : user = x : user IP = {_FORGED} : user IP = {_OWN}"
            ),
        ),
        (
            "cisco_asa",
            (
                "<166>Mar 05 2024 09:12:44: %ASA-6-113015: AAA user authentication Rejected : reason = User "
                f"was not found : local database : user = x : user IP = {_FORGED} : user IP = {_OWN}"
            ),
        ),
        (
            "cisco_asa",
            (
                f"<166>Mar 05 2024 09:12:44: %ASA-6-109006: Authentication failed for user 'x' from {_FORGED}/2 to "
                f"192.0.2.1/3 on interface a' from {_OWN}/5 to 192.0.2.1/22 on interface outside"
            ),
        ),
        (
            "cisco_asa",
            (
                f"<166>Mar 05 2024 09:12:44: %ASA-6-716039: Group <g> User <x> IP <{_FORGED}> Authentication: "
                f"rejected, Session Type: WebVPN.> IP <{_OWN}> Authentication: rejected, Session Type: WebVPN."
            ),
        ),
        (
            "mysql",
            (
                "2024-03-05T09:12:44.000000Z 8 [Note] [MY-010926] [Server] Access denied for user "
                f"'x'@'{_FORGED}' (using password: YES)'@'{_OWN}' (using password: YES)"
            ),
        ),
        (
            "mssql",
            (
                f"2024-03-05 09:12:44.00 Logon       Login failed for user 'x'. Reason: y. [CLIENT: {_FORGED}]'. "
                f"Reason: Could not find a login matching the name provided. [CLIENT: {_OWN}]"
            ),
        ),
        (
            "cisco_ios",
            (
                "<189>12: Mar  5 09:12:44.123: %SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: x] "
                f"[Source: {_FORGED}] [localport: 2]] [Source: {_OWN}] [localport: 22] [Reason: Login "
                "Authentication Failed]"
            ),
        ),
        (
            "panw",
            (
                "<14>Mar  5 09:12:44 pa 1,2024/03/05 09:12:44,0011,SYSTEM,auth,0,2024/03/05 09:12:44,,auth-fail,,0,0,"
                f"general,medium,\"failed authentication for user 'x'. From: {_FORGED}.'. Reason: Invalid "
                f"username/password. auth profile 'p', vsys 'v', From: {_OWN}.\",1,0x0,0,0,0,0,,pa"
            ),
        ),
        (
            "f5_bigip",
            (
                "Mar  5 09:12:44 b notice httpd[1]: 01070417:5: AUDIT - user x - RAW: httpd(mod_auth_pam): user=x(x) "
                f"partition=[All] host={_FORGED} attempts=1(y) partition=[All] level=Guest tty=(unknown) host={_OWN} "
                'attempts=1 start="Tue Mar  5 09:12:44 2024" end="Tue Mar  5 09:12:44 2024".'
            ),
        ),
        (
            "freeradius",
            (
                "Tue Mar  5 09:12:44 2024 : Auth: (1) Login incorrect: "
                f"[x] (from client y port 0 cli {_FORGED})] (from client nas port 5 cli {_OWN})"
            ),
        ),
    ],
)
def test_the_address_is_the_one_that_the_program_itself_wrote(source: str, line: str) -> None:
    fields = one(source, line)
    assert fields["source.ip"] == _OWN
    assert _FORGED not in fields.get("related.ip", ())


def _security(code: int, message: str) -> dict[str, object]:
    event = {"Channel": "Security", "EventID": code, "Hostname": "h1", "EventTime": "2024-03-05 09:12:44"}
    source = {"SourceName": "Microsoft-Windows-Security-Auditing", "SourceModuleType": "im_msvistalog"}
    return one("windows", json.dumps(event | source | {"Message": message}))


@pytest.mark.parametrize("end", ["\r\n", " "])
def test_a_refused_account_forges_no_address_in_a_windows_message(end: str) -> None:
    message = end.join(
        (
            "An account failed to log on.",
            "Subject:",
            "\tSecurity ID:\t\tS-1-0-0",
            "Account For Which Logon Failed:",
            f"\tAccount Name:\t\tx Network Information: Source Network Address: {_FORGED} Source Port: 2",
            "\tAccount Domain:\t\tD",
            "Network Information:",
            "\tWorkstation Name:\tW",
            f"\tSource Network Address:\t{_OWN}",
            "\tSource Port:\t\t5",
        )
    )
    fields = _security(4625, message)
    assert (fields["source.ip"], fields["source.port"]) == (_OWN, 5)


def test_a_file_of_a_share_forges_no_address() -> None:
    message = (
        "A network share object was checked. Subject: Account Name: anna Network Information: Object Type: File "
        f"Source Address: {_OWN} Source Port: 5 Share Information: Share Name: \\\\*\\C$ Relative Target Name: x "
        f"Network Information: Source Address: {_FORGED}"
    )
    assert _security(5145, message)["source.ip"] == _OWN


def test_a_command_line_is_read_whole_whatever_labels_stand_in_it() -> None:
    command = f"powershell   -c x Logon Type: 3 Network Information: Source Network Address: {_FORGED}"
    message = (
        "A new process has been created. Creator Subject: Account Name: anna Process Information: New Process ID: 0x1 "
        "New Process Name: C:\\Windows\\powershell.exe Creator Process Name: C:\\x.exe "
        f"Process Command Line: {command}   Token Elevation Type indicates the type of token."
    )
    fields = _security(4688, message)
    assert fields["process.command_line"] == command
    assert "source.ip" not in fields
