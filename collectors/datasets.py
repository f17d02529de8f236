"""Which datasets (`event.dataset`) each log source delivers, for telling which rules can fire on what is collected.

A source says so itself by an attribute `datasets`; for those that do not, it stands here. `winlog` is the Windows event
log, whatever the channel; `*` is any dataset, where a document names it; a name that ends with a dot is a module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from collectors.source import Source

_DATASETS: Final[Mapping[str, tuple[str, ...]]] = {
    "akamai_siem": ("akamai.siem",),
    "apache": ("apache.access", "apache.error"),
    "atlassian": ("atlassian_jira.audit", "atlassian_confluence.audit", "atlassian_bitbucket.audit"),
    "auditd": ("auditd.log",),
    "auth": ("system.auth", "system.syslog", "sysmon_linux.log", "clamav.log"),
    "auth0": ("auth0.logs",),
    "aws_cloudtrail": ("aws.cloudtrail",),
    "aws_guardduty": ("aws.guardduty",),
    "aws_inspector": ("aws.inspector",),
    "aws_route53_resolver": ("aws.route53_resolver_logs",),
    "aws_securityhub": ("aws.securityhub_findings", "aws.securityhub_insights"),
    "aws_waf": ("aws.waf",),
    "azure_activity": ("azure.activitylogs",),
    "azure_resource": ("azure.platformlogs", "azure.application_gateway", "azure.frontdoor", "azure.firewall_logs"),
    "bind": ("bind.",),
    "box_events": ("box_events.",),
    "carbon_black_cloud": ("carbon_black_cloud.", "carbonblack_edr."),
    "checkpoint": ("checkpoint.firewall",),
    "cisco_asa": ("cisco_asa.log", "cisco_ftd.log"),
    "cisco_ios": ("cisco_ios.log",),
    "cisco_meraki_webhook": ("cisco_meraki.events",),
    "citrix_adc": ("citrix_adc.", "citrix_waf.log"),
    "cloudflare": ("cloudflare_logpush.", "cloudflare."),
    "crowdstrike": ("crowdstrike.falcon",),
    "crowdstrike_fdr": ("crowdstrike.fdr",),
    "duo": ("cisco_duo.",),
    "entra": ("azure.signinlogs", "azure.auditlogs", "azure.identity_protection", "azure.graphactivitylogs"),
    "evtx": ("winlog",),
    "exchange": ("exchange.",),
    "fortigate": ("fortinet_fortigate.log",),
    "gcp_audit": ("gcp.audit",),
    "gcp_network": ("gcp.vpcflow", "gcp.firewall", "gcp.dns", "gcp.loadbalancing"),
    "github_audit": ("github.audit",),
    "github_security": ("github.code_scanning", "github.secret_scanning", "github.dependabot"),
    "google_workspace": ("google_workspace.",),
    "iis": ("iis.access", "iis.error"),
    "imperva_waf": ("imperva_cloud_waf.event",),
    "infoblox_bloxone": ("infoblox_bloxone_ddi.",),
    "intune": ("intune.",),
    "json": ("*",),
    "kubernetes_audit": ("kubernetes.audit_logs", "kubernetes.gke"),
    "m365": ("o365.audit",),
    "m365_defender": ("m365_defender.",),
    "nginx": ("nginx.access", "nginx.error"),
    "o365_message_trace": ("microsoft_exchange_online_message_trace.log",),
    "ocsf": ("ocsf.",),
    "okta": ("okta.system",),
    "openvpn": ("openvpn.log",),
    "panw": ("panw.panos",),
    "sentinel_one": ("sentinel_one.",),
    "slack_audit": ("slack.audit",),
    "squid": ("squid.access", "squid.cache"),
    "ubika_waf": ("ubika-waf",),
    "suricata": ("suricata.eve",),
    "unbound": ("unbound.log",),
    "wazuh_alerts": ("wazuh.alerts",),
    "windows": ("winlog",),
    "zeek": ("zeek.",),
    "zscaler": ("zscaler_zia.", "zscaler_zpa."),
}


def datasets_of(source: Source) -> tuple[str, ...]:
    """Return the datasets that a source delivers; those named after it where nobody says."""
    own: Sequence[str] = getattr(source, "datasets", ())
    return tuple(own) or _DATASETS.get(source.name, (f"{source.name}.",))


def delivers(source: Source, name: str) -> bool:
    """Tell whether a source delivers the dataset called so, with points or underscores (`zscaler_zia.web`)."""
    wanted = name.replace(".", "_")
    return any(
        wanted.startswith(dataset.replace(".", "_")) if dataset.endswith(".") else wanted == dataset.replace(".", "_")
        for dataset in datasets_of(source)
        if dataset != "*"
    )
