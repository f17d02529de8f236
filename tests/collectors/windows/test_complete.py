"""The ECS fields that an event id implies, for each channel that kulla derives them for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.windows.complete import complete
from collectors.windows.fill import arguments, plain_address
from collectors.windows.security_actions import ACTIONS
from engine.events import Fields


def event(dataset: str, code: str, more: Fields | None = None, **data: str) -> Fields:
    fields: Fields = {"event.dataset": dataset, "event.code": code, **(more or {})}
    fields.update({f"winlog.event_data.{name}": value for name, value in data.items()})
    return complete(fields)


def security(code: str, more: Fields | None = None, **data: str) -> Fields:
    return event("system.security", code, more, **data)


def sysmon(code: str, **data: str) -> Fields:
    return event("windows.sysmon_operational", code, None, **data)


def test_a_logon() -> None:
    fields = security(
        "4624",
        SubjectUserName="PC1$",
        TargetUserName="ana@gov.example",
        TargetDomainName="GOV",
        TargetUserSid="S-1-5-21-9",
        LogonType="10",
        IpAddress="::ffff:10.0.0.9",
        IpPort="5000",
        WorkstationName="KIOSK",
        ProcessName="C:\\Windows\\System32\\lsass.exe",
        ProcessId="0x2f0",
    )
    assert (fields["user.name"], fields["user.domain"], fields["user.id"]) == ("ana", "GOV", "S-1-5-21-9")
    assert (fields["source.ip"], fields["source.port"], fields["source.domain"]) == ("10.0.0.9", 5000, "KIOSK")
    assert fields["winlog.logon.type"] == "RemoteInteractive"
    assert (fields["process.pid"], fields["process.name"]) == (752, "lsass.exe")
    assert (fields["event.category"], fields["event.type"], fields["event.action"]) == (
        ["authentication"],
        ["start"],
        "logged-in",
    )
    assert fields["related.user"] == ["ana", "PC1$"]


def test_in_nxlogs_form_who_logged_on_is_the_target_too() -> None:
    words = {"TargetUserName": "ana", "TargetDomainName": "GOV", "TargetUserSid": "S-1-5-21-9"}
    fields = security("4624", {"agent.type": "nxlog"}, **words)
    assert [fields[f"user.target.{part}"] for part in ("name", "domain", "id")] == ["ana", "GOV", "S-1-5-21-9"]
    assert "user.target.name" not in security("4624", **words)


@pytest.mark.parametrize(
    ("calling", "server", "expected"),
    [
        ("10.2.0.5", "10.9.9.9", {"source.ip": "10.2.0.5", "destination.ip": "10.9.9.9"}),
        ("a9-7c-7d-ac-47-67", "nps1", {"source.mac": "A9-7C-7D-AC-47-67", "destination.domain": "nps1"}),
        ("a97c.7dac.4767", "-", {"source.mac": "A9-7C-7D-AC-47-67"}),
        ("extension 4711", "-", {}),
        ("cafe-bad-decade-1", "-", {}),
        ("355691234567", "-", {}),  # a telephone number
    ],
)
def test_who_asks_a_policy_server_is_the_calling_station(calling: str, server: str, expected: dict[str, str]) -> None:
    fields = security(
        "6272",
        FullyQualifiedSubjectUserName="GOV\\ana",
        CallingStationID=calling,
        CalledStationID="0c-c2-6d-91-dd-25:hall",
        NASIPv4Address="10.2.0.1",
        ClientName="WLC",
        ClientIPAddress="10.2.0.1",
        AuthenticationServer=server,
    )
    ends = {name: value for name, value in fields.items() if name.startswith(("source.", "destination."))}
    assert {name: value for name, value in ends.items() if not name.endswith(".address")} == expected
    assert (fields["user.name"], fields["observer.ip"], fields["observer.name"]) == ("ana", "10.2.0.1", "WLC")


def test_a_failed_logon_says_why() -> None:
    fields = security("4625", TargetUserName="ana", Status="0xc000006d", SubStatus="0xc000006a", IpAddress="-")
    assert fields["event.reason"] == "User logon with misspelled or bad password"
    assert "source.ip" not in fields


def test_a_new_process() -> None:
    fields = security(
        "4688",
        SubjectUserName="ana",
        NewProcessName="C:\\a\\b.exe",
        NewProcessId="0x10",
        ProcessId="0x4",
        ParentProcessName="C:\\p.exe",
        CommandLine='b.exe "x y"',
    )
    assert (fields["process.pid"], fields["process.parent.pid"]) == (16, 4)
    assert (fields["process.name"], fields["process.parent.name"]) == ("b.exe", "p.exe")
    assert fields["process.args"] == ["b.exe", "x y"]


def test_a_process_made_for_nobody_else_has_no_effective_user() -> None:
    fields = security("4688", NewProcessName="C:\\x.exe", TargetUserSid="S-1-0-0", TargetUserName="-")
    assert not [name for name in fields if name.startswith("user.effective.")]


def test_a_member_added_to_a_group() -> None:
    fields = security(
        "4728",
        SubjectUserName="admin",
        TargetUserName="Domain Admins",
        TargetDomainName="GOV",
        TargetSid="S-1-5-21-1-512",
        MemberName="CN=ana,CN=Users,DC=gov,DC=example",
    )
    assert (fields["group.name"], fields["user.name"], fields["user.target.name"]) == ("Domain Admins", "admin", "ana")
    assert fields["user.target.group.id"] == "S-1-5-21-1-512"
    assert fields["event.type"] == ["group", "change"]


def test_a_cleared_log_names_who_cleared_it() -> None:
    fields = security("1102", {"winlog.user_data.SubjectUserName": "ana", "winlog.user_data.SubjectUserSid": "S-1-5-7"})
    assert (fields["user.name"], fields["user.id"], fields["event.action"]) == ("ana", "S-1-5-7", "audit-log-cleared")


def test_a_share_access_names_the_file() -> None:
    fields = security(
        "5145",
        ShareName="\\\\*\\C$",
        ShareLocalPath="\\??\\C:\\",
        RelativeTargetName="temp\\x.dll",
        IpAddress="10.0.0.1",
    )
    assert (fields["file.path"], fields["file.target_path"]) == ("C:\\temp\\x.dll", "\\\\*\\C$\\temp\\x.dll")
    assert fields["file.extension"] == "dll"


def test_a_filtered_connection() -> None:
    fields = security(
        "5157", Direction="%%14592", SourceAddress="10.0.0.1", DestAddress="10.0.0.2", DestPort="445", Protocol="6"
    )
    assert (fields["destination.port"], fields["network.transport"], fields["network.direction"]) == (
        445,
        "tcp",
        "ingress",
    )
    assert "denied" in str(fields["event.type"])


def test_every_action_has_a_category_and_a_type() -> None:
    for code, (category, kinds, action) in ACTIONS.items():
        assert code.isdecimal()
        assert all((category, kinds, action))


def test_what_the_shipper_says_stands() -> None:
    fields = security("4624", {"event.action": "Logon", "user.name": "known"}, TargetUserName="other")
    assert (fields["event.action"], fields["user.name"]) == ("Logon", "known")


def test_sysmon_process_creation() -> None:
    fields = sysmon(
        "1",
        Image="C:\\a\\b.exe",
        ProcessId="8",
        CommandLine="b.exe /c",
        ParentImage="C:\\p.exe",
        User="GOV\\ana",
        Hashes="MD5=AA11,SHA256=BB22,IMPHASH=CC33",
        OriginalFileName="b.exe",
        ProcessGuid="{1}",
        CurrentDirectory="C:\\a\\",
    )
    assert (fields["process.hash.md5"], fields["process.pe.imphash"]) == ("aa11", "cc33")
    assert (fields["user.name"], fields["user.domain"], fields["process.entity_id"]) == ("ana", "GOV", "{1}")
    assert fields["process.working_directory"] == "C:\\a\\"
    assert fields["related.hash"] == ["aa11", "bb22"]


def test_sysmon_connection() -> None:
    fields = sysmon(
        "3", SourceIp="10.0.0.1", DestinationIp="::1", DestinationPort="443", Protocol="tcp", Initiated="true"
    )
    assert (fields["source.ip"], fields["destination.ip"], fields["destination.port"]) == ("10.0.0.1", "::1", 443)
    assert (fields["network.transport"], fields["network.direction"]) == ("tcp", "egress")


def test_sysmon_registry_value() -> None:
    fields = sysmon("13", EventType="SetValue", TargetObject="HKLM\\Software\\Run\\x", Details="DWORD (0x00000010)")
    assert (fields["registry.hive"], fields["registry.key"], fields["registry.value"]) == ("HKLM", "Software\\Run", "x")
    assert (fields["registry.data.type"], fields["registry.data.strings"]) == ("REG_DWORD", ["16"])


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        ("Command Line", ' "C:\\\\Windows\\\\evil.exe"', {"process.executable": "C:\\Windows\\evil.exe"}),
        ("Log File", ' "C:\\\\out.log"', {"file.path": "C:\\out.log"}),
        ("Script", ' "Set x = 1"', {}),
    ],
)
def test_a_wmi_consumer_starts_a_program_or_writes_a_log(kind: str, written: str, expected: dict[str, str]) -> None:
    fields = sysmon("20", Type=kind, Destination=written)
    assert {name: fields[name] for name in ("process.executable", "file.path") if name in fields} == expected


def test_sysmon_query() -> None:
    fields = sysmon("22", QueryName="a.example", QueryResults="type:  5 b.example;::ffff:192.0.2.1;2001:db8::1;")
    assert fields["dns.answers.type"] == ["CNAME", "A", "AAAA"]
    assert fields["dns.resolved_ip"] == ["192.0.2.1", "2001:db8::1"]


def test_sysmon_files_and_drivers() -> None:
    assert sysmon("11", TargetFilename="C:\\t\\x.aspx")["file.extension"] == "aspx"
    driver = sysmon("6", ImageLoaded="C:\\d.sys", Hashes="SHA1=AB", Signed="true", SignatureStatus="Valid")
    assert (driver["file.path"], driver["file.hash.sha1"], driver["file.code_signature.valid"]) == (
        "C:\\d.sys",
        "ab",
        True,
    )
    assert sysmon("17", PipeName="\\evil")["file.name"] == "\\evil"


def test_powershell_classic_and_operational() -> None:
    context = "\n\tHostName=ConsoleHost\r\n\tHostApplication=powershell -enc AA==\r\n\tUserId=GOV\\ana\r\n\tHostId=h1"
    classic = event("windows.powershell", "400", param3=context)
    assert (classic["process.command_line"], classic["process.entity_id"], classic["user.name"]) == (
        "powershell -enc AA==",
        "h1",
        "ana",
    )
    assert classic["event.type"] == ["start"]
    context = "        Host Application = powershell.exe\r\n        User = GOV\\ana\r\n        Sequence Number = 4"
    operational = event("windows.powershell_operational", "4103", ContextInfo=context)
    assert (operational["process.command_line"], operational["event.sequence"]) == ("powershell.exe", 4)
    block = event("windows.powershell_operational", "4104", ScriptBlockText="x", Path="C:\\s.ps1", MessageTotal="2")
    assert (block["powershell.file.script_block_text"], block["file.name"], block["powershell.total"]) == (
        "x",
        "s.ps1",
        2,
    )


def test_other_channels() -> None:
    more: Fields = {"event.provider": "Service Control Manager"}
    service = event(
        "system.system", "7045", more, ServiceName="evil", ImagePath='"C:\\a b\\e.exe" -k', AccountName="LocalSystem"
    )
    assert (service["service.name"], service["file.path"]) == ("evil", "C:\\a b\\e.exe")
    found = event(
        "windows.windows_defender", "1116", ThreatName="T", Path="file:_C:\\x.exe; process:_1", DetectionUser="GOV\\a"
    )
    assert (found["event.category"], found["file.path"], found["user.name"]) == (["malware"], "C:\\x.exe", "a")
    desktop = event("windows.terminalservices_localsessionmanager_operational", "21", User="GOV\\a", Address="10.0.0.1")
    assert (desktop["source.ip"], desktop["user.name"]) == ("10.0.0.1", "a")
    bits = event("windows.bits_client_operational", "59", url="https://h.example:8443/x?y", LocalName="C:\\z.bin")
    assert (bits["url.domain"], bits["url.port"], bits["file.name"]) == ("h.example", 8443, "z.bin")


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        ('"C:\\a b.exe" /x "y \\"z\\""', ["C:\\a b.exe", "/x", 'y "z"']),
        ("a\\\\b  c\\", ["a\\\\b", "c\\"]),
        ('"a\\\\" b', ["a\\", "b"]),
        ('""', [""]),
        ("", []),
    ],
)
def test_command_lines_are_split_as_windows_does(command: str, parts: list[str]) -> None:
    assert arguments(command) == parts


@pytest.mark.parametrize(
    ("written", "plain"), [("::FFFF:1.2.3.4", "1.2.3.4"), ("fe80::1%4", "fe80::1"), ("LOCAL", None)]
)
def test_addresses(written: str, plain: str | None) -> None:
    assert plain_address(written) == plain


DATASETS = (
    "system.security",
    "system.system",
    "windows.sysmon_operational",
    "windows.powershell",
    "windows.windows_defender",
)

CODES = ["1", "3", "13", "22", "400", "1102", "1116", "4624", "4625", "4657", "4688", "4728", "5145", "5156", "7045"]
DATA = [
    "TargetObject",
    "Details",
    "QueryResults",
    "CommandLine",
    "IpAddress",
    "IpPort",
    "MemberName",
    "Hashes",
    "ProcessId",
    "param3",
    "Path",
    "ImagePath",
    "ShareName",
    "User",
    "Status",
    "ObjectName",
]


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(DATASETS),
    st.sampled_from(CODES),
    st.dictionaries(
        st.sampled_from(DATA),
        st.text(max_size=40),
    ),
)  # fmt: skip
def test_no_event_data_make_it_fail(dataset: str, code: str, data: dict[str, str]) -> None:
    fields = event(dataset, code, None, **data)
    assert fields["event.code"] == code
    port = fields.get("source.port", 0)
    assert isinstance(port, int)
    assert 0 <= port <= 65535


@pytest.mark.parametrize(
    ("code", "action", "category"),
    [
        ("4704", "user-right-assigned", "iam"),
        ("4765", "sid-history-added", "iam"),
        ("4794", "directory-restore-password-set", "iam"),
        ("4887", "certificate-issued", "iam"),
        ("4928", "replica-source-established", "configuration"),
        ("4946", "windows-firewall-rule-added", "configuration"),
        ("5379", "credential-manager-credentials-read", "iam"),
        ("6416", "external-device-recognised", "host"),
    ],
)
def test_what_elastic_leaves_out_has_a_meaning_too(code: str, action: str, category: str) -> None:
    fields = security(code, SubjectUserName="ana")
    assert (fields["event.action"], fields["user.name"]) == (action, "ana")
    assert category in fields["event.category"]  # type: ignore[operator] # a list


def test_an_object_is_a_file_a_key_or_a_process() -> None:
    lsass = "\\Device\\HarddiskVolume2\\Windows\\System32\\lsass.exe"
    reader = {"ProcessName": "C:\\tools\\dump.exe", "ProcessId": "0xcc8", "AccessMask": "0x10"}
    fields = security("4663", ObjectType="Process", ObjectName=lsass, **reader)
    assert (fields["event.category"], fields["file.path"], fields["process.name"]) == (["process"], lsass, "dump.exe")
    fields = security("4656", ObjectType="Key", ObjectName="\\REGISTRY\\MACHINE\\SAM\\Domains", **reader)
    assert (fields["event.category"], fields["registry.path"]) == (["registry"], "HKLM\\SAM\\Domains")
    fields = security("4663", ObjectType="SymbolicLink", ObjectName="x", **reader)
    assert "file.path" not in fields


def test_a_connection_that_the_filter_blocked_is_denied() -> None:
    fields = security("5155", Direction="%%14592", SourceAddress="10.0.0.9", SourcePort="4444", Protocol="6")
    assert (fields["event.type"], fields["source.port"]) == (["info", "connection", "denied"], 4444)


@pytest.mark.parametrize(
    ("dataset", "code", "data", "expected"),
    [
        (
            "windows.windows_firewall_with_advanced_security_firewall",
            "2006",
            {"RuleName": "rdp", "ModifyingUser": "S-1-5-21-9", "ModifyingApplication": "C:\\Windows\\netsh.exe"},
            {"event.action": "windows-firewall-rule-deleted", "rule.name": "rdp", "process.name": "netsh.exe"},
        ),
        (
            "windows.dns_client_operational",
            "3008",
            {"QueryName": "a.example", "QueryType": "28", "QueryResults": "2001:db8::1;"},
            {"dns.question.type": "AAAA", "dns.resolved_ip": ["2001:db8::1"], "event.category": ["network"]},
        ),
        (
            "windows.smbserver_security",
            "551",
            {"ClientName": "\\\\203.0.113.9", "UserName": "GOV\\ana"},
            {"source.ip": "203.0.113.9", "user.name": "ana", "event.outcome": "failure"},
        ),
        (
            "windows.smbserver_security",
            "551",
            {"ClientName": "\\\\[2001:db8::9]:50112", "UserName": "GOV\\ana"},
            {"source.ip": "2001:db8::9", "source.port": 50112, "source.domain": None},
        ),
        (
            "windows.smbserver_security",
            "1006",
            {"ClientName": "\\\\KIOSK", "ClientAddress": "203.0.113.9:445"},
            {"source.domain": "KIOSK", "source.ip": "203.0.113.9", "event.action": "share-access-denied"},
        ),
        (
            "windows.ntlm_operational",
            "8004",
            {"UserName": "ana", "DomainName": "GOV", "WorkstationName": "KIOSK"},
            {"user.name": "ana", "source.domain": "KIOSK", "event.category": ["authentication"]},
        ),
        (
            "windows.openssh_operational",
            "4",
            {"process": "sshd", "payload": "Failed password for ana from 203.0.113.9 port 4444 ssh2"},
            {"user.name": "ana", "source.ip": "203.0.113.9", "event.outcome": "failure", "process.name": "sshd"},
        ),
        (
            "windows.codeintegrity_operational",
            "3033",
            {"FileNameBuffer": "\\Device\\x.dll", "ProcessNameBuffer": "\\Device\\lsass.exe"},
            {"file.name": "x.dll", "process.name": "lsass.exe", "event.type": ["denied"]},
        ),
        (
            "windows.winrm_operational",
            "6",
            {"connection": "server1/wsman?x=1"},
            {"destination.domain": "server1", "event.type": ["start"]},
        ),
        ("windows.printservice_operational", "316", {}, {"event.action": "printer-driver-added"}),
        ("windows.wmi_activity_operational", "5861", {}, {"event.action": "wmi-subscription-registered"}),
    ],
)
def test_channels_of_the_network_and_of_what_runs(
    dataset: str, code: str, data: dict[str, str], expected: dict[str, object]
) -> None:
    fields = event(dataset, code, None, **data)
    assert {name: fields.get(name) for name in expected} == expected


def test_ntlm_that_was_only_audited_is_not_blocked() -> None:
    blocked, audited = (event("windows.ntlm_operational", code, None) for code in ("4002", "4020"))
    assert (blocked["event.outcome"], "denied" in blocked["event.type"]) == ("failure", True)
    assert (audited["event.action"], "event.outcome" in audited) == ("ntlm-authentication-audited", False)


def test_the_application_log_is_read_by_its_providers() -> None:
    failed = {"param1": "sa", "param2": "Reason: x", "param3": " [CLIENT: 203.0.113.9]"}
    fields = event("system.application", "18456", {"event.provider": "MSSQLSERVER"}, **failed)
    assert (fields["user.name"], fields["source.ip"], fields["event.outcome"]) == ("sa", "203.0.113.9", "failure")
    said = "Login failed for user 'x [CLIENT: 8.8.8.8]'. Reason: y. [CLIENT: 203.0.113.9]"
    assert (
        event("system.application", "18456", {"event.provider": "MSSQLSERVER", "message": said})["source.ip"]
        == "203.0.113.9"
    )
    fields = event("system.application", "11707", {"event.provider": "MsiInstaller"}, param1="Product: x")
    assert (fields["event.action"], fields["package.name"]) == ("installed-package", "Product: x")
    assert "event.action" not in event("system.application", "18456", {"event.provider": "Other"})


def test_a_vulnerable_secure_channel_is_let_in_or_not() -> None:
    provider: Fields = {"event.provider": "NETLOGON"}
    fields = event("system.system", "5827", provider, param1="PC1$", param2="GOV")
    assert (fields["event.outcome"], fields["user.name"]) == ("failure", "PC1$")
    assert event("system.system", "5829", provider, param1="PC1$")["event.outcome"] == "success"
