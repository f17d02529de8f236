"""What agencies run themselves: Nextcloud, GitLab, Zimbra, Roundcube, MongoDB, 389 Directory Server, their guards."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_NEXTCLOUD = {"reqId": "r", "level": 2, "time": "2024-03-05T09:12:44+00:00", "remoteAddr": "198.51.100.7", "user": "--",
              "app": "core", "method": "POST", "url": "/login", "message": "x", "userAgent": "curl/8"}  # fmt: skip
_GITLAB = {"method": "POST", "path": "/users/sign_in", "controller": "SessionsController", "action": "create",
           "status": 422, "time": "2024-03-05T09:12:44.123Z", "remote_ip": "198.51.100.7", "correlation_id": "c",
           "params": [{"key": "user", "value": {"login": "ana"}}]}  # fmt: skip
_AUDIT = {"severity": "INFO", "time": "2024-03-05T09:12:44Z", "author_id": 1, "author_name": "Ana", "entity_id": 3,
          "entity_type": "Project", "change": "visibility", "from": "Private", "to": "Public"}  # fmt: skip
_WAZUH: dict[str, Any] = {
    "timestamp": "2024-03-05T09:12:44.123+0000",
    "rule": {"level": 5, "description": "sshd: authentication failed.", "id": "5760",
             "groups": ["syslog", "sshd", "authentication_failed"], "mitre": {"id": ["T1110"]}},
    "agent": {"id": "001", "name": "web1", "ip": "192.0.2.9"},
    "manager": {"name": "wazuh1"},
    "data": {"srcip": "198.51.100.7", "srcport": "50000", "dstuser": "root"},
    "full_log": "Failed password for root",
    "location": "/var/log/auth.log",
}  # fmt: skip
_FALCO: dict[str, Any] = {
    "hostname": "node1",
    "output": "A shell was spawned",
    "priority": "Notice",
    "rule": "Terminal shell in container",
    "tags": ["container", "T1059"],
    "time": "2024-03-05T09:12:44.123456789Z",
    "output_fields": {"evt.type": "execve", "proc.cmdline": "bash -i", "proc.name": "bash", "proc.pname": "nginx",
                      "user.name": "root", "container.id": "c0ffee", "k8s.ns.name": "tax"},
}  # fmt: skip
_MONGO: dict[str, Any] = {
    "t": {"$date": "2024-03-05T09:12:44.123+00:00"}, "s": "I", "c": "ACCESS", "id": 5286307, "ctx": "conn7",
    "msg": "Authentication failed", "attr": {"user": "root", "client": "198.51.100.7:50000", "error": "no user"},
}  # fmt: skip
_MONGO_AUDIT: dict[str, Any] = {
    "atype": "createUser", "ts": {"$date": "2024-03-05T09:12:44.123+00:00"}, "local": {"ip": "192.0.2.1", "port": 1},
    "remote": {"ip": "198.51.100.7", "port": 50000}, "users": [{"user": "ana", "db": "admin"}],
    "param": {"user": "new", "db": "admin"}, "result": 0,
}  # fmt: skip
_ZIMBRA = (
    "2024-03-05 09:12:44,123 WARN  [qtp1-1:https://mail.gov.example/service/soap/AuthRequest] "
    "[name=ana@gov.example;oip=198.51.100.7;ua=zclient/8.8;] security - cmd=Auth; account=ana@gov.example; "
    "protocol=soap; error=authentication failed for [ana@gov.example], invalid password;"
)
_ROUNDCUBE = (
    "[05-Mar-2024 10:12:44 +0100]: <s1> Failed login for ana@gov.example from 198.51.100.7 in session s1 (error: 0)"
)
_MIKROTIK = "Mar  5 09:12:44 router1 system,error,critical login failure for user admin from 198.51.100.7 via ssh"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("nextcloud", json.dumps(_NEXTCLOUD)),
        ("gitlab", json.dumps(_GITLAB)),
        ("gitlab", json.dumps(_AUDIT)),
        ("wazuh_alerts", json.dumps(_WAZUH)),
        ("falco", json.dumps(_FALCO)),
        ("mongodb", json.dumps(_MONGO)),
        ("mongodb", json.dumps(_MONGO_AUDIT)),
        ("zimbra", _ZIMBRA),
        ("roundcube", _ROUNDCUBE),
        ("mikrotik", _MIKROTIK),
    ],
)
def test_each_is_known_and_what_is_none_is_a_dead_letter(source: str, text: str) -> None:
    assert known_as(text) == source
    events, dead = read(source, f'{text}\n{{"x": 1}}\n')
    assert (len(events), len(dead)) == (1, 1)


def nextcloud(message: str, **more: object) -> dict[str, Any]:
    return one("nextcloud", json.dumps({**_NEXTCLOUD, "message": message, **more}))


@pytest.mark.parametrize(
    ("message", "category", "kind", "outcome", "user"),
    [
        ("Login failed: 'ana' (Remote IP: '198.51.100.7')", "authentication", "start", "failure", "ana"),
        ("Login failed: ana (Remote IP: 198.51.100.7)", "authentication", "start", "failure", "ana"),
        ('Login successful: "ana"', "authentication", "start", "success", "ana"),
        ('Login attempt: "ana"', "authentication", "start", "unknown", "ana"),
        ('User created: "eva"', "iam", "creation", None, "chief"),
        ('File deleted: "/secret/a.pdf"', "file", "deletion", None, "chief"),
        ("App admin_audit disabled", "configuration", "change", None, "chief"),
    ],
)
def test_nextcloud(message: str, category: str, kind: str, outcome: str | None, user: str) -> None:
    fields = nextcloud(message, user="--" if user == "ana" else "chief")
    assert (fields["event.category"], fields["event.type"]) == ((category,), (kind,))
    assert (fields.get("event.outcome"), fields["user.name"], fields["source.ip"]) == (outcome, user, "198.51.100.7")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_a_name_forges_no_address_in_nextcloud() -> None:
    forged = "Login failed: 'x' (Remote IP: '203.0.113.66')' (Remote IP: '198.51.100.7')"
    assert nextcloud(forged)["source.ip"] == "198.51.100.7"
    assert nextcloud(forged, remoteAddr="")["source.ip"] == "198.51.100.7"


def test_gitlab_refuses_a_log_in_and_a_project_is_opened() -> None:
    refused, opened = one("gitlab", json.dumps(_GITLAB)), one("gitlab", json.dumps(_AUDIT))
    assert (refused["event.category"], refused["event.outcome"]) == (("authentication",), "failure")
    assert (refused["user.name"], refused["source.ip"], refused["url.path"]) == (
        "ana",
        "198.51.100.7",
        "/users/sign_in",
    )
    assert (opened["event.dataset"], opened["event.action"]) == ("gitlab.audit", "change visibility")
    assert (opened["user.name"], opened["gitlab.audit.to"]) == ("Ana", "Public")
    usual = one("gitlab", json.dumps({**_GITLAB, "method": "GET", "path": "/gov/app", "status": 200}))
    assert (usual["event.category"], usual["event.outcome"]) == (("web",), "success")


def test_wazuhs_alert_names_host_source_and_technique() -> None:
    fields = one("wazuh_alerts", json.dumps(_WAZUH))
    assert (fields["event.kind"], fields["event.category"], fields["event.outcome"]) == (
        "alert",
        ("authentication",),
        "failure",
    )
    assert (fields["host.name"], fields["source.ip"], fields["user.name"]) == ("web1", "198.51.100.7", "root")
    assert (fields["rule.id"], fields["threat.technique.id"]) == ("5760", ["T1110"])
    changed = {**_WAZUH, "rule": {**_WAZUH["rule"], "groups": ["ossec", "syscheck"]},
               "syscheck": {"path": "/etc/passwd", "event": "modified", "sha256_after": "ab" * 32}}  # fmt: skip
    fields = one("wazuh_alerts", json.dumps(changed))
    assert (fields["event.category"], fields["event.type"], fields["file.path"]) == (
        ("file",),
        ("change",),
        "/etc/passwd",
    )


def test_wazuhs_windows_events_stay_windows_events() -> None:
    event = {**_WAZUH, "data": {"win": {"system": {"eventID": "4625", "channel": "Security", "providerName":
             "Microsoft-Windows-Security-Auditing"}, "eventdata": {}}}}  # fmt: skip
    assert known_as(json.dumps(event)) == "windows"


def test_falco_names_the_program_and_the_container() -> None:
    fields = one("falco", json.dumps(_FALCO))
    assert (fields["process.command_line"], fields["process.parent.name"]) == ("bash -i", "nginx")
    assert (fields["container.id"], fields["orchestrator.namespace"]) == ("c0ffee", "tax")
    assert (fields["event.category"], fields["event.type"], fields["threat.technique.id"]) == (
        ("process",),
        ("start",),
        ["T1059"],
    )


def test_mongodb_refuses_and_an_account_is_made() -> None:
    refused, made = one("mongodb", json.dumps(_MONGO)), one("mongodb", json.dumps(_MONGO_AUDIT))
    assert (refused["event.outcome"], refused["user.name"], refused["source.ip"]) == (
        "failure",
        "root",
        "198.51.100.7",
    )
    assert (made["event.category"], made["event.type"]) == (("iam",), ("creation",))
    assert (made["user.name"], made["user.target.name"]) == ("ana", "new")


@pytest.mark.parametrize(
    ("text", "category", "kind", "outcome"),
    [
        ("cmd=Auth; account=ana@gov.example; protocol=soap;", "authentication", "start", "success"),
        ("cmd=AdminAuth; account=ana@gov.example; error=invalid password;", "authentication", "start", "failure"),
        ("cmd=CreateAccount; name=eva@gov.example;", "iam", "creation", "success"),
        ("cmd=ModifyConfig; zimbraX=1;", "configuration", "change", "success"),
    ],
)
def test_zimbra(text: str, category: str, kind: str, outcome: str) -> None:
    fields = one("zimbra", _ZIMBRA.partition(" - ")[0] + " - " + text)
    assert (fields["event.category"], fields["event.type"], fields["event.outcome"]) == ([category], [kind], outcome)
    assert (fields["user.name"], fields["user.domain"], fields["source.ip"]) == ("ana", "gov.example", "198.51.100.7")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.123")


def test_what_a_client_calls_itself_forges_no_address_in_zimbra() -> None:
    fields = one("zimbra", _ZIMBRA.replace("ua=zclient/8.8;", "ua=x;oip=203.0.113.66;"))
    assert fields["source.ip"] == "198.51.100.7"


def test_roundcube_and_a_name_that_forges_no_address() -> None:
    fields = one("roundcube", _ROUNDCUBE)
    assert (fields["event.outcome"], fields["user.name"], fields["source.ip"]) == ("failure", "ana", "198.51.100.7")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")
    forged = _ROUNDCUBE.replace("ana@gov.example", "x from 203.0.113.66 in session a")
    assert one("roundcube", forged)["source.ip"] == "198.51.100.7"
    proxied = _ROUNDCUBE.replace("198.51.100.7 ", "192.0.2.1(X-Forwarded-For: 198.51.100.7) ")
    fields = one("roundcube", proxied.replace("Failed", "Successful").replace("example from", "example (ID: 3) from"))
    assert (fields["source.ip"], fields["user.id"], fields["event.outcome"]) == ("198.51.100.7", "3", "success")


@pytest.mark.parametrize(
    ("text", "kind", "outcome", "user"),
    [
        ("login failure for user admin from 198.51.100.7 via ssh", "start", "failure", "admin"),
        ("user admin logged in from 198.51.100.7 via winbox", "start", "success", "admin"),
        ("user admin logged out from 198.51.100.7 via web", "end", "success", "admin"),
        ("login failure for user x from 203.0.113.66 via ssh from 198.51.100.7 via ssh", "start", "failure",
         "x from 203.0.113.66 via ssh"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("head", ["", "Mar  5 09:12:44 router1 ", "<28>Mar  5 09:12:44 router1 "])
def test_mikrotik(head: str, text: str, kind: str, outcome: str, user: str) -> None:
    fields = one("mikrotik", f"{head}system,info,account {text}")
    assert (fields["event.category"], fields["event.type"], fields["event.outcome"]) == (
        ["authentication"],
        [kind],
        outcome,
    )
    assert (fields["user.name"], fields["source.ip"]) == (user, "198.51.100.7")


def test_mikrotiks_firewall_leases_and_changes() -> None:
    flow = one(
        "mikrotik",
        "firewall,info DROP input: in:ether1 out:(unknown 0), connection-state:new src-mac 00:00:5e:00:53:01, proto "
        "TCP (SYN), 198.51.100.7:50000->192.0.2.1:22, len 60",
    )
    assert (flow["source.ip"], flow["destination.port"], flow["network.transport"]) == ("198.51.100.7", 22, "tcp")
    assert (flow["event.type"], flow["source.mac"]) == (["connection", "denied"], "00-00-5E-00-53-01")
    lease = one("mikrotik", "dhcp,info dhcp1 assigned 192.0.2.50 for 00:00:5E:00:53:02")
    assert (lease["client.ip"], lease["client.mac"]) == ("192.0.2.50", "00-00-5E-00-53-02")
    change = one("mikrotik", "system,info filter rule added by admin")
    assert (change["event.category"], change["event.type"], change["user.name"]) == (
        ["configuration"],
        ["creation"],
        "admin",
    )


@pytest.mark.parametrize(
    ("status", "user", "outcome"),
    [
        (302, {"login": "ana"}, "success"),
        (0, {"login": "ana"}, "failure"),
        (200, {"login": "ana"}, None),  # the form asks for the second factor
        (200, {"otp_attempt": "x"}, "failure"),
    ],
)
def test_how_a_log_in_to_gitlab_ended(status: int, user: dict[str, str], outcome: str | None) -> None:
    record = _GITLAB | {"status": status, "params": [{"key": "user", "value": user}]}
    assert one("gitlab", json.dumps(record)).get("event.outcome") == outcome


def test_a_refusal_of_another_identity_provider_is_one_to_gitlab() -> None:
    record = _GITLAB | {
        "path": "/users/auth/ldapmain/callback", "controller": "OmniauthCallbacksController", "action": "failure",
        "status": 302, "params": [{"key": "username", "value": "ana"}],
    }  # fmt: skip
    fields = one("gitlab", json.dumps(record))
    assert (fields["event.outcome"], fields["user.name"]) == ("failure", "ana")


def _directory(*lines: str) -> str:
    return "".join(f"[05/Mar/2024:09:12:44.123456789 +0000] {line}\n" for line in lines)


def test_a_result_of_389_directory_server_has_the_address_and_the_name_of_earlier_lines() -> None:
    bind = 'op=0 BIND dn="uid=ana,cn=users,dc=gov" method=128 version=3'
    text = "389-Directory/2.4.5 B2024.017.0000\n" + _directory(
        "conn=7 fd=64 slot=64 SSL connection from 198.51.100.7 to 192.0.2.1",
        f"conn=7 {bind}",
        "conn=8 op=0 RESULT err=0 tag=97 nentries=0 etime=0.001",
        "conn=7 op=0 RESULT err=49 tag=97 nentries=0 etime=0.001 - Invalid credentials",
        'conn=7 op=1 BIND dn="uid=ana,cn=users,dc=gov" method=128 version=3',
        "conn=7 op=1 RESULT err=0 tag=97 nentries=0 etime=0.001",
        'conn=7 op=2 DEL dn="uid=besa,cn=users,dc=gov"',
        "conn=7 op=2 RESULT err=50 tag=107 nentries=0 etime=0.001",
    )
    assert known_as(text) == "directory_389"
    events, dead = read("directory_389", text)
    assert (len(events), dead) == (8, [])
    assert events[0]["@timestamp"] == at("2024-03-05T09:12:44.123456")
    stranger, refused, bound, deleted = events[2], events[3], events[5], events[7]
    assert not {"source.ip", "user.name"} & set(stranger)
    for event, outcome in ((refused, "failure"), (bound, "success")):
        assert (event["event.category"], event["event.outcome"]) == (["authentication"], outcome)
        assert (event["source.ip"], event["user.name"]) == ("198.51.100.7", "ana")
    assert (refused["event.code"], refused["event.reason"]) == ("49", "invalid credentials")
    assert (deleted["event.type"], deleted["user.name"]) == (["denied"], "ana")
    assert deleted["directory_389.dn"] == "uid=besa,cn=users,dc=gov"


def test_a_name_in_389_directory_servers_log_cannot_pass_for_another_field() -> None:
    forged = _directory(
        "conn=7 fd=64 slot=64 connection from 198.51.100.7 to 192.0.2.1",
        r'conn=7 op=0 BIND dn="uid=x\" connection from 203.0.113.66 to 192.0.2.1 err=0" method=128 version=3',
        "conn=7 op=0 RESULT err=49 tag=97 nentries=0 etime=0.001",
    )
    events, dead = read("directory_389", forged)
    assert dead == []
    assert [event.get("source.ip") for event in events] == ["198.51.100.7"] * 3
    assert events[2]["event.outcome"] == "failure"


def test_clamavs_own_log() -> None:
    stamp = "Tue Mar  5 09:12:44 2024 -> "
    text = (
        f"{stamp}/srv/a: Fake.Name FOUND.docx: Win.Trojan.Agent-1({'a' * 64}:123) FOUND\n"
        f"{stamp}SelfCheck: Database status OK.\n"
        "/srv/clean.txt: OK\nno line of it\n"
    )
    assert known_as(text) == "clamav"
    events, dead = read("clamav", text)
    found, checked, clean = events
    assert (len(dead), found["@timestamp"]) == (1, at("2024-03-05T09:12:44"))
    assert (found["event.kind"], found["rule.name"]) == ("alert", "Win.Trojan.Agent-1")
    assert (found["file.path"], found["file.name"]) == ("/srv/a: Fake.Name FOUND.docx", "a: Fake.Name FOUND.docx")
    assert (found["file.hash.sha256"], found["file.size"]) == ("a" * 64, 123)
    assert checked["event.kind"] == "event"
    assert (clean["file.name"], clean["event.action"]) == ("clean.txt", "OK")
    assert {event["event.dataset"] for event in events} == {"clamav.log"}


_SGOS = (
    "#Software: SGOS 7.3\n#Version: 1.0\n"
    "#Fields: date time time-taken c-ip cs-username sc-filter-result cs-categories sc-status s-action cs-method "
    "cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs(User-Agent) s-ip sc-bytes cs-bytes\n"
)


def test_proxysg() -> None:
    line = (
        '2024-03-05 09:12:44 120 198.51.100.7 GOV\\ana OBSERVED "Technology;Web Ads" 200 TCP_MISS GET http '
        'www.example.org 80 /a.exe ?b=1 "Mozilla/5.0 (X)" 192.0.2.1 512 300\n'
    )
    denied = line.replace("OBSERVED", "DENIED").replace(" 200 TCP_MISS", " 403 TCP_DENIED")
    text = f"{_SGOS}{line}{denied}too few values\n"
    assert known_as(text) == "proxysg"
    (passed, refused), dead = read("proxysg", text)
    assert len(dead) == 1
    assert (passed["source.ip"], passed["user.name"], passed["user.domain"]) == ("198.51.100.7", "ana", "GOV")
    assert (passed["url.domain"], passed["url.path"], passed["url.query"]) == ("www.example.org", "/a.exe", "b=1")
    assert (passed["user_agent.original"], passed["event.duration"]) == ("Mozilla/5.0 (X)", 120_000_000)
    assert (passed["event.outcome"], passed["event.type"]) == ("success", ["access", "allowed"])
    assert (refused["event.outcome"], refused["event.type"]) == ("failure", ["access", "denied"])
    assert passed["@timestamp"] == at("2024-03-05T09:12:44")


def test_an_agent_with_quotes_moves_no_column_of_proxysg() -> None:
    head, tail = _SGOS, "192.0.2.1 512 300\n"
    line = f'2024-03-05 09:12:44 1 198.51.100.7 - OBSERVED - 200 A GET http w 80 / - "x" 192.0.2.9 0 0 "y" {tail}'
    events, dead = read("proxysg", head + line)
    assert (events, len(dead)) == ([], 1)


@pytest.mark.parametrize(
    ("line", "dataset"),
    [
        ("drupal: https://g.example|1709629964|user|198.51.100.7|https://g.example/u||0||Login attempt failed for a.",
         "drupal.log"),
        ("wordpress(g.example)[7]: Authentication failure for a from 198.51.100.7", "wordpress.log"),
        ("smbd_audit: a|198.51.100.7|finance|unlinkat|ok|x.docx", "samba_full_audit.log"),
        ("cowrie[7]: 2024-03-05T09:12:44Z [HoneyPotSSHTransport,3,198.51.100.7] CMD: id", "cowrie_text.log"),
    ],
)  # fmt: skip
def test_programs_in_a_hosts_syslog_are_read_by_sources_in_yaml(line: str, dataset: str) -> None:
    fields = one("auth", f"Mar  5 09:12:44 h1 {line}")
    assert (fields["event.dataset"], fields["source.ip"], fields["host.name"]) == (dataset, "198.51.100.7", "h1")
