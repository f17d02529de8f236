"""VMware ESXi and vCenter: log-ins and their ends, commands, requests, events; names that forge nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_HOSTD = (
    "<166>2024-03-05T09:12:44.123Z esx01.gov.example Hostd: info hostd[2099655] [Originator@6876 sub=Vimsvc opID=1f] "
)
_LASTED = "(login time: Tuesday, 5 March, 2024 07:14:36 AM, number of API invocations: 3, user agent: pyvmomi)"
_VOB = "[GenericCorrelator] 2us: [vob.user.ssh.session.failed] "
_REFUSED = "Failed login x from 203.0.113.66 at 1 in SSO from 198.51.100.7 at 03/05/2024 09:12:44 GMT in SSO"
_UNKNOWN = "[vim.event.BadUsernameSessionEvent] [info] [] [] [7] [Cannot login root@192.0.2.7]"
_EVENT = "Event [7] [1-1] [2024-03-05T09:12:44.123456Z] "


def _event(code: str, text: str, user: str = "") -> dict[str, Any]:
    return one("vmware_vcenter", f"{_EVENT}[{code}] [info] [{user}] [DC1] [7] [{text}]")


@pytest.mark.parametrize(
    ("text", "user", "outcome", "kind"),
    [
        ("Event 9 : User eva@198.51.100.7 logged in as pyvmomi Python/3.8", "eva", "success", "start"),
        ("Event 9 : Cannot login root@198.51.100.7", "root", "failure", "end"),
        ("Rejected password for user root from 198.51.100.7", "root", "failure", "start"),
        ("Accepted password for user root from 198.51.100.7", "root", "success", "start"),
        (f"Event 9 : User eva@198.51.100.7 logged out {_LASTED}", "eva", "success", "end"),
    ],
)
def test_log_ins_at_a_host(text: str, user: str, outcome: str, kind: str) -> None:
    fields = one("vmware_esxi", _HOSTD + text)
    assert "authentication" in fields["event.category"]
    assert (fields["event.type"], fields["event.outcome"]) == ([kind], outcome)
    assert (fields["user.name"], fields["source.ip"]) == (user, "198.51.100.7")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.123")
    assert fields["host.name"] == "esx01.gov.example"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("[vob.user.ssh.session.failed] SSH login has failed for 'root@198.51.100.7'.", "failure"),
        ("[vob.user.ssh.session.opened] SSH session was opened for 'root@198.51.100.7'.", "success"),
    ],
)
def test_ssh_at_a_host(text: str, outcome: str) -> None:
    fields = one("vmware_esxi", f"<165>2024-03-05T09:12:44.1Z esx01 vobd[2098]: [GenericCorrelator] 22us: {text}")
    assert fields["event.outcome"] == outcome
    assert (fields["user.name"], fields["source.ip"]) == ("root", "198.51.100.7")


def test_sshd_of_a_host() -> None:
    line = "<38>2024-03-05T09:12:44Z esx01 sshd[2100]: Failed password for root from 198.51.100.7 port 50112 ssh2"
    fields = one("vmware_esxi", line)
    assert (fields["event.outcome"], fields["source.ip"], fields["process.pid"]) == ("failure", "198.51.100.7", 2100)


def test_the_shell_s_commands_are_read() -> None:
    fields = one("vmware_esxi", "<13>2024-03-05T09:12:44Z esx01 shell[2100]: [root]: esxcli vm process kill -w 5")
    assert (fields["user.name"], fields["process.command_line"]) == ("root", "esxcli vm process kill -w 5")
    assert fields["event.category"] == ["process"]


def test_the_kernel_s_lines_are_events() -> None:
    fields = one("vmware_esxi", "<181>2024-03-05T09:12:44Z esx01 vmkwarning: cpu3:2097)WARNING: Heap: 3: out of memory")
    assert fields["event.reason"] == "WARNING: Heap: 3: out of memory"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ForkExec(/bin/sh) 5318859", {"process.command_line": "/bin/sh", "process.pid": 5318859}),
        ("User 'root' running command 'rm -rf /vmfs'", {"user.name": "root", "process.command_line": "rm -rf /vmfs"}),
        (
            "Failed to connect; <io_obj p:0x1, h:3, <TCP '192.0.2.1 : 50000'>, <TCP '192.0.2.2 : 443'>>, e: 111(x)",
            {"source.ip": "192.0.2.1", "destination.ip": "192.0.2.2", "destination.port": 443},
        ),
        ("New/Updated endpoint added: /sdk", {"url.original": "/sdk"}),
        ("Processing file: /etc/vmware/a.conf", {"file.path": "/etc/vmware/a.conf", "file.name": "a.conf"}),
    ],
)
def test_services_tell_commands_connections_and_files(text: str, expected: dict[str, object]) -> None:
    fields = one("vmware_esxi", "[Originator@6876 sub=X opID=2b sid=5 user=vpxuser:GOV] " + text)
    assert {name: fields.get(name) for name in expected} == expected
    assert fields["user.name"] in {"vpxuser", "root"}
    assert fields["vmware.esxi.operation.id"] == "2b"


@pytest.mark.parametrize(
    ("code", "text", "category", "kind", "outcome"),
    [
        (
            "vim.event.UserLoginSessionEvent",
            r"User GOV\eva@198.51.100.7 logged in as x",
            "authentication",
            "start",
            "success",
        ),
        ("vim.event.BadUsernameSessionEvent", r"Cannot login GOV\eva@198.51.100.7", "authentication", "end", "failure"),
        (
            "vim.event.EventEx",
            r"Failed login GOV\eva from 198.51.100.7 at 03/05/2024 09:12:44 GMT in SSO",
            "authentication",
            "start",
            "failure",
        ),
    ],
)
def test_log_ins_at_vcenter(code: str, text: str, category: str, kind: str, outcome: str) -> None:
    fields = _event(code, text)
    assert (fields["event.category"], fields["event.type"]) == ([category], [kind])
    assert fields["event.outcome"] == outcome
    assert (fields["user.domain"], fields["user.name"]) == ("GOV", "eva")
    assert fields["source.ip"] == "198.51.100.7"
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.123456")


@pytest.mark.parametrize(
    ("code", "category", "kind"),
    [
        ("vim.event.VmReconfiguredEvent", "configuration", "change"),
        ("vim.event.VmRemovedEvent", "configuration", "deletion"),
        ("vim.event.VmPoweredOffEvent", "host", "end"),
        ("vim.event.PermissionAddedEvent", "iam", "creation"),
        ("vim.event.RoleUpdatedEvent", "iam", "change"),
    ],
)
def test_events_of_the_inventory(code: str, category: str, kind: str) -> None:
    fields = _event(code, "Reconfigured db01 on 192.0.2.4 in DC1.", r"VSPHERE.LOCAL\Administrator")
    assert (fields["event.category"], fields["event.type"]) == ([category], [kind])
    assert (fields["user.domain"], fields["user.name"]) == ("VSPHERE.LOCAL", "Administrator")
    assert fields["event.code"] == code
    assert "event.outcome" not in fields


def test_a_request_at_the_proxy() -> None:
    line = (
        "2024-03-05T09:12:44.126Z info envoy[1111] [Originator@6876 sub=Default] 2024-03-05T09:12:44.070Z POST /sdk "
        "HTTP/1.1 200 via_upstream - 1670 11032 1 0 0 198.51.100.7:54080 192.0.2.8:443 127.0.0.1:49192 127.0.0.1:8085"
    )
    fields = one("vmware_vcenter", line)
    assert (fields["source.ip"], fields["destination.ip"]) == ("198.51.100.7", "192.0.2.8")
    assert (fields["http.request.method"], fields["url.path"]) == ("POST", "/sdk")
    assert fields["http.response.status_code"] == 200


def test_a_java_service_says_whose_call_was_allowed() -> None:
    line = (
        "2024-03-05T09:12:44.379Z [exec-25 [] INFO com.vmware.vcenter.trust.Validator opId=] User gov.example\\eva "
        "who belongs to group gov.example\\Administrators has top-level privileges to invoke API com.vmware.x.list"
    )
    fields = one("vmware_vcenter", line)
    assert fields["event.category"] == ["iam"]
    assert (fields["user.domain"], fields["user.name"]) == ("gov.example", "eva")
    assert fields["vmware_vcenter.resource_name"] == "com.vmware.x.list"


def test_the_appliance_s_audit_is_a_log_in() -> None:
    line = (
        "<14>1 2024-03-05T09:12:44.753710+00:00 vc01 applmgmt-audit - - -  2024-03-05T09:12:44.753: INFO "
        "AuthorizationResponse = { authorized=False, method=LOCAL }"
    )
    fields = one("vsphere", line)
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], "failure")
    assert fields["host.name"] == "vc01"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("vmware_esxi", f"{_HOSTD}Event 9 : Cannot login x@203.0.113.66@198.51.100.7"),
        ("vmware_esxi", f"{_HOSTD}Rejected password for user x from 203.0.113.66 from 198.51.100.7"),
        ("vmware_esxi", f"{_VOB}SSH login has failed for 'x@203.0.113.66'.@198.51.100.7'."),
        ("vmware_vcenter", f"{_EVENT}[vim.event.EventEx] [info] [] [] [7] [{_REFUSED}]"),
    ],
)
def test_who_is_refused_forges_no_address(source: str, line: str) -> None:
    fields = one(source, line)
    assert fields["source.ip"] == "198.51.100.7"
    assert fields["event.outcome"] == "failure"


@pytest.mark.parametrize("source", ["vmware_esxi", "vmware_vcenter"])
def test_what_is_no_text_is_a_dead_letter(source: str) -> None:
    events, dead = read(source, "\x01\x02\x03 no line\n")
    assert (events, len(dead)) == ([], 1)
    assert dead[0].reason


@pytest.mark.parametrize(
    ("line", "source"),
    [
        (f"{_HOSTD}hello", "vmware_esxi"),
        ("<181>2024-03-05T09:12:44Z esx01 vmkernel: cpu3:2097)NetPort: 1580: disabled port", "vmware_esxi"),
        (f"{_EVENT}[vim.event.TaskEvent] [info] [eva] [DC1] [7] [Task: Power On]", "vmware_vcenter"),
        (
            "2024-03-05T09:12:44.1Z info vpxd[07879] [Originator@6876 sub=vpxLro opID=1] [VpxLRO] -- BEGIN",
            "vmware_vcenter",
        ),
        ("2024-03-05T09:12:44.1Z h sshd[7]: Failed password for vpxd from 198.51.100.7 port 2 ssh2", "auth"),
    ],
)
def test_lines_are_told_apart(line: str, source: str) -> None:
    assert known_as(line) == source


@pytest.mark.parametrize(
    ("line", "dataset"),
    [
        (
            "Mar  5 09:12:41 esx01 Hostd: info hostd[2] [Originator@6876 sub=X] Cannot login root@192.0.2.7",
            "vmware_esxi.log",
        ),
        (f"Mar  5 09:12:42 vc01 vpxd: {_EVENT}{_UNKNOWN}", "vsphere.log"),
    ],
)
def test_in_a_host_s_mixed_file_they_are_read_by_their_own_source(line: str, dataset: str) -> None:
    sshd = "Mar  5 09:12:40 web01 sshd[9]: Failed password for root from 198.51.100.7 port 5 ssh2"
    events, dead = read("auth", f"{sshd}\n{line}\n")
    assert dead == []
    assert [event["event.dataset"] for event in events] == ["system.auth", dataset]
    assert (events[1]["user.name"], events[1]["source.ip"], events[1]["event.outcome"]) == (
        "root",
        "192.0.2.7",
        "failure",
    )
