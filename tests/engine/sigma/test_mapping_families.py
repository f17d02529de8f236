"""Rules of every family fire on an event of theirs, under the ECS name or the vendor's, and on no near miss."""

from __future__ import annotations

import json

import pytest

from collectors.source import Options, Record
from collectors.sources.crowdstrike_fdr import SOURCE as falcon  # noqa: N811 - as below
from collectors.sources.m365 import SOURCE as m365  # noqa: N811 - the module's name says more than SOURCE
from engine.events import Value
from engine.sigma.logsources import KIND_FIELDS, kind_of
from tests.engine.sigma.rules import fires

Selection = dict[str, Value | None]


def source(text: str) -> dict[str, str]:
    """Read `product/category/service`, where any may be empty."""
    parts = zip(("product", "category", "service"), text.split("/"), strict=True)
    return {name: value for name, value in parts if value}


def windows(channel: str, code: str, **data: Value) -> dict[str, Value]:
    names = {f"winlog.event_data.{name.replace('__', ' ')}": value for name, value in data.items()}
    return {"winlog.channel": channel, "event.code": code, "event.module": "windows", **names}


def of(dataset: str, **fields: Value) -> dict[str, Value]:
    names = {name.replace("__", "."): value for name, value in fields.items()}
    return {"event.dataset": dataset, "event.module": dataset.partition(".")[0], **names}


DEFENDER = "Microsoft-Windows-Windows Defender/Operational"
CLASSIC = "Windows PowerShell"

CASES: list[tuple[str, Selection, dict[str, Value], bool]] = [
    # Appliances: each has the category of what it does
    ("/firewall/", {"dst_port": 22}, of("sonicwall.firewall", destination__port=22), True),
    ("/firewall/", {"dst_port": 22}, of("wallix_bastion.session", destination__port=22), False),
    ("/dns/", {"query|endswith": ".bad"}, of("efficientip.log", dns__question__name="a.bad"), True),
    ("/antivirus/", {"Signature": "X"}, of("eset_protect.log", rule__name="X"), True),
    ("/antivirus/", {"Signature": "X"}, of("fortinet_fortiedr.log", rule__name="X"), True),
    ("/waf/", {"cs-uri-query|contains": "union"}, of("fortinet_fortiweb.log", url__query="id=union"), True),
    ("vmware//", {"message|contains": "shell"}, of("vmware_esxi.log", message="shell enabled"), True),
    ("vmware//", {"message|contains": "shell"}, of("ibm_aix.syslog", message="shell enabled"), False),
    (
        "linux//sshd",
        {"message|contains": "Failed"},
        of("wallix_bastion.system", process__name="sshd", message="Failed password"),
        True,
    ),
    ("linux//sshd", {"message|contains": "Failed"}, of("wallix_bastion.auth", message="Failed password"), False),
    ("linux//syslog", {"message|contains": "ssh"}, of("vmware_esxi.log", message="ssh.enabled"), True),
    # Windows: every channel under its own names
    ("windows//windefend", {"ThreatName": "X"}, windows(DEFENDER, "1116", Threat__Name="X"), True),
    ("windows//windefend", {"ThreatName": "X"}, windows(DEFENDER, "1116", ThreatName="X"), True),
    ("windows//windefend", {"Feature_Name": "%%886"}, windows(DEFENDER, "3002", Feature__Name="%%886"), True),
    ("windows//windefend", {"NewValue|endswith": "= 0x1"}, windows(DEFENDER, "5007", New__Value="a = 0x1"), True),
    ("/antivirus/", {"Signature|contains": "Webshell"}, windows(DEFENDER, "1117", Threat__Name="A:Webshell!b"), True),
    ("/antivirus/", {"Filename|endswith": ".aspx"}, windows(DEFENDER, "1116", Path="file:_C:\\x.aspx"), True),
    ("/antivirus/", {"Filename|endswith": ".aspx"}, windows(DEFENDER, "5007", Path="file:_C:\\x.aspx"), False),
    ("windows/ps_module/", {"Payload|contains": "x"}, windows("PowerShellCore/Operational", "4103", Payload="x"), True),
    ("windows/ps_script/", {"ScriptBlockText": "x"}, windows("PowerShellCore/Operational", "4103"), False),
    ("windows/ps_classic_start/", {"Data|contains": "HostName=x"}, windows(CLASSIC, "400", param3="HostName=x"), True),
    ("windows/ps_classic_start/", {"Data|contains": "HostName=x"}, windows(CLASSIC, "600", param3="HostName=x"), False),
    (
        "windows/registry_rename/",
        {"NewName": "a"},
        windows("Microsoft-Windows-Sysmon/Operational", "14", NewName="a"),
        True,
    ),
    ("windows//application", {"AppName": "lsass.exe"}, windows("Application", "1000", param1="lsass.exe"), True),
    ("windows//application", {"AppName": "lsass.exe"}, windows("Application", "1000", AppName="lsass.exe"), True),
    (
        "windows//smbserver-connectivity",
        {"EncyptionUsed": "false"},
        windows("Microsoft-Windows-SMBServer/Connectivity", "4000", EncryptionUsed="false"),
        True,
    ),
    ("windows//system", {"Level": 2}, {**windows("System", "42"), "winlog.level": 2, "log.level": "error"}, True),
    ("windows//system", {"Level": "Error"}, {**windows("System", "42"), "winlog.level": 2, "log.level": "error"}, True),
    ("windows//system", {"Level": 4}, {**windows("System", "42"), "winlog.level": 2, "log.level": "error"}, False),
    (
        "windows//security",
        {"Keywords": "0x8010000000000000"},
        {
            **windows("Security", "4673"),
            "winlog.keywords": ["Audit Failure"],
            "winlog.keywords_mask": "0x8010000000000000",
        },
        True,
    ),
    (
        "windows/file_rename/",
        {"TargetFilename": "C:\\a"},
        windows("Microsoft-Windows-Kernel-File/Analytic", "27", FilePath="C:\\a"),
        True,
    ),
    (
        "rpc_firewall/application/",
        {"EventLog": "RPCFW", "InterfaceUuid": "a"},
        windows("RPCFW", "3", InterfaceUuid="a"),
        True,
    ),
    ("rpc_firewall/application/", {"InterfaceUuid": "a"}, windows("Application", "3", InterfaceUuid="a"), False),
    # agents in ECS
    (
        "windows/process_creation/",
        {"Image|endswith": "\\a.exe"},
        {
            **of("endpoint.events.process", process__executable="C:\\a.exe", host__os__type="windows"),
            "event.category": ["process"],
            "event.type": ["start"],
        },
        True,
    ),
    (
        "windows/registry_event/",
        {"TargetObject|contains": "\\Run"},
        {
            **of("endpoint.events.registry", registry__path="HKLM\\Run", host__os__type="windows"),
            "event.category": ["registry"],
            "event.type": ["change"],
        },
        True,
    ),
    # Linux
    (
        "linux//sudo",
        {"USER|startswith": "#-"},
        of("system.auth", process__name="sudo", system__auth__sudo__user="#-1"),
        True,
    ),
    ("linux//sudo", {"USER": "eva"}, of("system.auth", process__name="sudo", user__name="eva"), False),  # the caller
    (
        "linux//auditd",
        {"type": "EXECVE", "a0": "sh"},
        of("auditd.log", auditd__log__record_type="EXECVE", auditd__data__a0="sh"),
        True,
    ),
    ("linux//auditd", {"exe": "/bin/sh"}, of("auditd_manager.auditd", process__executable="/bin/sh"), True),
    # web and proxy
    ("/webserver/", {"cs-uri-query|contains": "union"}, of("iis.access", url__query="a=union"), True),
    (
        "/proxy/",
        {"c-uri": "http://x/", "cs-host": "x"},
        of("squid.access", url__original="http://x/", url__domain="x"),
        True,
    ),
    ("/proxy/", {"c-uri": "http://x/"}, of("nginx.access", url__original="http://x/"), False),
    # network
    ("/dns/", {"query|endswith": ".example"}, of("unbound.log", dns__question__name="a.example"), True),
    (
        "/firewall/",
        {"dst_port": 4444, "action": "accept"},
        of("fortinet_fortigate.log", destination__port=4444, fortinet__firewall__action="accept"),
        True,
    ),
    (
        "fortigate//event",
        {"action": "Add", "cfgpath": "system.admin"},
        of("fortinet_fortigate.log", fortinet__firewall__action="Add", fortinet__firewall__cfgpath="system.admin"),
        True,
    ),
    ("zeek//dns", {"query": "x", "Z": 0}, of("zeek.dns", dns__question__name="x", zeek__dns__Z=0), True),
    ("zeek//dns", {"query": "x"}, of("zeek.dns", zeek__dns__query="x"), True),
    ("zeek//rdp", {"id.orig_h|cidr": "10.0.0.0/8"}, of("zeek.rdp", source__ip="10.1.2.3"), True),
    ("zeek//smb_files", {"name": "atsvc"}, of("zeek.smb_files", zeek__smb_files__name="atsvc"), True),
    ("zeek//smb_files", {"name": "atsvc"}, of("zeek.smb_mapping", zeek__smb_files__name="atsvc"), False),
    (
        "cisco//duo",
        {"event_type": "authentication"},
        of("cisco_duo.auth", cisco_duo__auth__event_type="authentication"),
        True,
    ),
    ("/antivirus/", {"Signature": "Eicar"}, of("clamav.log", rule__name="Eicar"), True),
    # clouds: ECS, snake case, and as the vendor writes it
    (
        "aws//cloudtrail",
        {"eventName": "StopLogging", "eventSource": "a"},
        of("aws.cloudtrail", event__action="StopLogging", event__provider="a"),
        True,
    ),
    (
        "aws//cloudtrail",
        {"userIdentity.type": "Root"},
        of("aws.cloudtrail", aws__cloudtrail__user_identity__type="Root"),
        True,
    ),
    (
        "aws//cloudtrail",
        {"userIdentity.type": "Root"},
        of("aws.cloudtrail", aws__cloudtrail__userIdentity__type="Root"),
        True,
    ),
    (
        "aws//cloudtrail",
        {"requestParameters.a.b": "c"},
        of("aws.cloudtrail", aws__cloudtrail__flattened__request_parameters__a__b="c"),
        True,
    ),
    (
        "aws//cloudtrail",
        {"requestParameters.a.b": "c"},
        of("aws.cloudtrail", aws__cloudtrail__requestParameters__a__b="c"),
        True,
    ),
    ("aws//cloudtrail", {"status": "success"}, of("aws.cloudtrail", event__outcome="failure"), False),
    ("azure//signinlogs", {"ResultType": 50057}, of("azure.signinlogs", azure__signinlogs__result_type="50057"), True),
    ("azure//signinlogs", {"ResultType": 0}, of("azure.signinlogs", azure__signinlogs__result_type="50057"), False),
    (
        "azure//signinlogs",
        {"properties.appId": "a"},
        of("azure.signinlogs", azure__signinlogs__properties__app_id="a"),
        True,
    ),
    (
        "azure//auditlogs",
        {"properties.message": "Add user"},
        of("azure.auditlogs", azure__auditlogs__operation_name="Add user"),
        True,
    ),
    (
        "azure//auditlogs",
        {"LoggedByService": "PIM"},
        of("azure.auditlogs", azure__auditlogs__properties__loggedByService="PIM"),
        True,
    ),
    (
        "azure//auditlogs",
        {"LoggedByService": "PIM"},
        of("azure.signinlogs", azure__auditlogs__properties__loggedByService="PIM"),
        False,
    ),
    (
        "azure//activitylogs",
        {"operationName": "A/B"},
        of("azure.activitylogs", azure__activitylogs__operation_name="a/b"),
        True,
    ),
    (
        "azure//pim",
        {"riskEventType": "x"},
        of("azure.identity_protection", azure__identity_protection__properties__risk_event_type="x"),
        True,
    ),
    ("m365//audit", {"Operation": "New-InboxRule"}, of("o365.audit", event__action="New-InboxRule"), True),
    ("m365//audit", {"Operation": "New-InboxRule"}, of("o365.audit", o365__audit__Operation="New-InboxRule"), True),
    (
        "m365//threat_management",
        {"eventName": "a", "status": "success"},
        of("o365.audit", o365__audit__Name="a", event__action="AlertTriggered", event__outcome="success"),
        True,
    ),
    ("gcp//gcp.audit", {"gcp.audit.method_name": "a"}, of("gcp.audit", gcp__audit__method_name="a"), True),
    ("gcp//gcp.audit", {"data.protoPayload.methodName": "a"}, of("gcp.audit", event__action="a"), True),
    (
        "gcp//google_workspace.admin",
        {"eventName": "a", "new_value": "b"},
        of("google_workspace.admin", event__action="a", google_workspace__admin__new_value="b"),
        True,
    ),
    (
        "okta//okta",
        {"eventtype": "a", "outcome.result": "b"},
        of("okta.system", event__action="a", okta__outcome__result="b"),
        True,
    ),
    (
        "okta//okta",
        {"debugContext.debugData.requestUri": "/x"},
        of("okta.system", okta__debug_context__debug_data__flattened__requestUri="/x"),
        True,
    ),
    ("github//audit", {"action": "repo.destroy"}, of("github.audit", event__action="repo.destroy"), True),
    (
        "bitbucket//audit",
        {"auditType.action": "a"},
        of("atlassian_bitbucket.audit", bitbucket__audit__type__action="a"),
        True,
    ),
    (
        "kubernetes/application/audit",
        {"verb": "create", "hostPath": "*"},
        of(
            "kubernetes.audit_logs",
            kubernetes__audit__verb="create",
            kubernetes__audit__requestObject__spec__volumes__hostPath__path=["/"],
        ),
        True,
    ),
    (
        "kubernetes//audit",
        {"objectRef.resource": "pods"},
        of("kubernetes.audit_logs", kubernetes__audit__objectRef__resource="pods"),
        True,
    ),
    ("onelogin//onelogin.events", {"event_type_id": 3}, of("onelogin.events", onelogin__events__event_type_id=3), True),
    # applications
    ("opencanary/application/", {"logtype": 2000}, of("opencanary.events", opencanary__logtype=2000), True),
    ("qualys//", {"host.scan.vuln": 10693}, of("qualys_vmdr.asset_host_detection", vulnerability__id="10693"), True),
    (
        "paloalto/file_event/globalprotect",
        {"TargetFilename|contains": "curl"},
        of("panw.panos", file__path="/opt/curl"),
        True,
    ),
]


@pytest.mark.parametrize(("where", "selection", "event", "expected"), CASES)
def test_a_rule_of_the_family(where: str, selection: Selection, event: dict[str, Value], expected: bool) -> None:
    assert fires({"s": selection, "condition": "s"}, event, source=source(where)) is expected


def test_text_in_a_channel_or_dataset_makes_no_new_kind_of_windows_event() -> None:
    assert kind_of(windows("Nobody/Knows", "77")) == kind_of(windows("Something/Else", "78"))


def test_the_kind_depends_on_the_fields_that_are_named_alone() -> None:
    """Stored columns are read for these names; a kind told by any other field would differ between file and store."""
    for _, _, event, _ in CASES:
        assert kind_of(event) == kind_of({name: value for name, value in event.items() if name in KIND_FIELDS})


def test_a_mailbox_rule_in_the_audit_log_of_microsoft_365_is_found_by_its_parameters() -> None:
    record = {
        "CreationTime": "2026-03-10T08:00:00",
        "Id": "1",
        "RecordType": 1,
        "Operation": "New-InboxRule",
        "OrganizationId": "o",
        "Workload": "Exchange",
        "UserId": "eva@gov.example",
        "ResultStatus": "True",
        "Parameters": [{"Name": "ForwardTo", "Value": "x@attacker.example"}, {"Name": "Name", "Value": "."}],
    }
    parsed = m365.open(Options()).parse(Record(offset=0, number=1, raw=json.dumps(record).encode()))
    assert parsed is not None
    found = {"s": {"Operation": "New-InboxRule", "Parameters|contains": "ForwardTo"}, "condition": "s"}
    assert fires(found, parsed, source=source("m365//audit"))
    assert not fires(
        {"s": {"Parameters|contains": "DeleteMessage"}, "condition": "s"}, parsed, source=source("m365//audit")
    )


FALCON = {"aid": "a1", "cid": "c1", "event_platform": "Win", "timestamp": "1709629964000"}


@pytest.mark.parametrize(
    ("where", "selection", "record"),
    [
        (
            "windows/process_creation/",
            {"Image|endswith": "\\cmd.exe", "ParentImage|endswith": "\\winword.exe", "CommandLine|contains": "whoami"},
            {
                "event_simpleName": "ProcessRollup2",
                "ImageFileName": "\\Device\\HarddiskVolume3\\Windows\\System32\\cmd.exe",
                "ParentBaseFileName": "WINWORD.EXE",
                "CommandLine": "cmd /c whoami",
            },
        ),
        (
            "windows/network_connection/",
            {"Image|endswith": "\\rundll32.exe", "DestinationPort": 443},
            {
                "event_simpleName": "NetworkConnectIP4",
                "ContextBaseFileName": "rundll32.exe",
                "RemoteAddressIP4": "198.51.100.7",
                "RemotePort": "443",
            },
        ),
        (
            "windows/dns_query/",
            {"QueryName|endswith": ".bad"},
            {"event_simpleName": "DnsRequest", "DomainName": "a.bad"},
        ),
        (
            "windows/registry_set/",
            {"TargetObject|contains": "\\CurrentVersion\\Run\\"},
            {
                "event_simpleName": "AsepValueUpdate",
                "RegObjectName": "\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run",
                "RegValueName": "x",
            },
        ),
        (
            "windows/file_event/",
            {"TargetFilename|endswith": ".aspx"},
            {"event_simpleName": "WebScriptFileWritten", "TargetFileName": "\\Device\\HarddiskVolume3\\w\\a.aspx"},
        ),
    ],
)
def test_what_falcons_sensors_saw_is_judged_by_rules_for_windows(
    where: str, selection: Selection, record: dict[str, str]
) -> None:
    parsed = falcon.open(Options()).parse(Record(offset=0, number=1, raw=json.dumps(FALCON | record).encode()))
    assert parsed is not None
    assert fires({"s": selection, "condition": "s"}, parsed, source=source(where))
    other = falcon.open(Options()).parse(
        Record(offset=0, number=1, raw=json.dumps({**FALCON, **record, "event_platform": "Lin"}).encode())
    )
    assert other is not None
    assert not fires({"s": selection, "condition": "s"}, other, source=source(where))
