"""Windows: the channels that Sigma's services mean, and the channels and event ids that its categories mean.

Channels and event ids are those of Microsoft's documentation and of Sysmon's event schema; the names of services and
categories are those of the Sigma taxonomy (specification 2.1, appendix "Taxonomy").
"""

from __future__ import annotations

from collections.abc import Mapping

SYSMON = "microsoft-windows-sysmon/operational"
SYSMON_LINUX = "linux-sysmon/operational"
_POWERSHELL = ("microsoft-windows-powershell/operational", "powershellcore/operational")
_APPLOCKER = "microsoft-windows-applocker/"
_DEFENDER = "microsoft-windows-windows defender/operational"
RPC_FIREWALL = "rpcfw"

# Sigma service -> Windows event channels (lower case)
WINDOWS_SERVICES: Mapping[str, tuple[str, ...]] = {
    "application": ("application",),
    "security": ("security",),
    "system": ("system",),
    "sysmon": (SYSMON,),
    "powershell": _POWERSHELL,
    "powershell-classic": ("windows powershell",),
    "taskscheduler": ("microsoft-windows-taskscheduler/operational",),
    "wmi": ("microsoft-windows-wmi-activity/operational",),
    "windefend": (_DEFENDER,),
    "msexchange-management": ("msexchange management",),
    "dns-server": ("dns server",),
    "dns-server-audit": ("microsoft-windows-dns-server/audit", "microsoft-windows-dnsserver/audit"),
    "dns-server-analytic": ("microsoft-windows-dns-server/analytical", "microsoft-windows-dnsserver/analytical"),
    "dns-client": ("microsoft-windows-dns-client/operational", "microsoft-windows-dns client events/operational"),
    "driver-framework": ("microsoft-windows-driverframeworks-usermode/operational",),
    "ldap": ("microsoft-windows-ldap-client/debug",),
    "ldap_debug": ("microsoft-windows-ldap-client/debug",),
    "ntlm": ("microsoft-windows-ntlm/operational",),
    "printservice-admin": ("microsoft-windows-printservice/admin",),
    "printservice-operational": ("microsoft-windows-printservice/operational",),
    "applocker": tuple(
        _APPLOCKER + name
        for name in ("exe and dll", "msi and script", "packaged app-deployment", "packaged app-execution")
    ),
    "firewall-as": ("microsoft-windows-windows firewall with advanced security/firewall",),
    "bits-client": ("microsoft-windows-bits-client/operational",),
    "codeintegrity-operational": ("microsoft-windows-codeintegrity/operational",),
    "openssh": ("openssh/operational",),
    "microsoft-servicebus-client": (
        "microsoft-servicebus-client",
        "microsoft-servicebus-client/admin",
        "microsoft-servicebus-client/operational",
    ),
    "smbclient-security": ("microsoft-windows-smbclient/security",),
    "smbclient-connectivity": ("microsoft-windows-smbclient/connectivity",),
    "smbserver-connectivity": ("microsoft-windows-smbserver/connectivity",),
    "shell-core": ("microsoft-windows-shell-core/operational",),
    "security-mitigations": (
        "microsoft-windows-security-mitigations/kernel mode",
        "microsoft-windows-security-mitigations/user mode",
        "microsoft-windows-security-mitigations/kernelmode",
        "microsoft-windows-security-mitigations/usermode",
    ),
    "diagnosis-scripted": ("microsoft-windows-diagnosis-scripted/operational",),
    "vhdmp": ("microsoft-windows-vhdmp/operational", "microsoft-windows-vhdmp-operational"),
    "terminalservices-localsessionmanager": ("microsoft-windows-terminalservices-localsessionmanager/operational",),
    "terminalservices-remoteconnectionmanager": (
        "microsoft-windows-terminalservices-remoteconnectionmanager/operational",
    ),
    "appxdeployment-server": (
        "microsoft-windows-appxdeploymentserver/operational",
        "microsoft-windows-appxdeployment-server/operational",
    ),
    "appxpackaging-om": ("microsoft-windows-appxpackaging/operational",),
    "appmodel-runtime": ("microsoft-windows-appmodel-runtime/admin",),
    "capi2": ("microsoft-windows-capi2/operational",),
    "certificateservicesclient-lifecycle-system": (
        "microsoft-windows-certificateservicesclient-lifecycle-system/operational",
    ),
    "lsa-server": ("microsoft-windows-lsa/operational",),
    "iis-configuration": ("microsoft-iis-configuration/operational",),
    "kernel-event-tracing": ("microsoft-windows-kernel-eventtracing/admin",),
    "kernel-shimengine": ("microsoft-windows-kernel-shimengine/operational",),
    "wec": ("microsoft-windows-eventcollector/operational",),
    "winrm": ("microsoft-windows-winrm/operational",),
    "smbserver-security": ("microsoft-windows-smbserver/security",),
    "hyper-v-worker": ("microsoft-windows-hyper-v-worker-admin",),
    "sense": ("microsoft-windows-sense/operational",),
    "directory-service": ("directory service",),
    "adfs": ("ad fs/admin",),
    "rpc-firewall": (RPC_FIREWALL,),
}

# Sigma category -> (channels, event ids)
_KERNEL_FILE = ("microsoft-windows-kernel-file/analytic",)
WINDOWS_CATEGORIES: Mapping[str, tuple[tuple[tuple[str, ...], frozenset[str]], ...]] = {
    **{
        category: (((SYSMON,), frozenset(ids)),)
        for category, ids in {
            "file_change": ("2",),
            "network_connection": ("3",),
            "sysmon_status": ("4", "16"),
            "process_termination": ("5",),
            "driver_load": ("6",),
            "image_load": ("7",),
            "create_remote_thread": ("8",),
            "raw_access_thread": ("9",),
            "process_access": ("10",),
            "file_event": ("11",),
            "registry_add": ("12",),
            "registry_delete": ("12",),
            "registry_set": ("13",),
            "registry_rename": ("14",),
            "registry_event": ("12", "13", "14"),
            "create_stream_hash": ("15",),
            "pipe_created": ("17", "18"),
            "wmi_event": ("19", "20", "21"),
            "dns_query": ("22",),
            "file_delete": ("23", "26"),
            "clipboard_capture": ("24",),
            "process_tampering": ("25",),
            "file_block": ("27",),
            "file_block_executable": ("27",),
            "file_block_shredding": ("28",),
            "file_executable_detected": ("29",),
            "sysmon_error": ("255",),
        }.items()
    },
    "process_creation": (((SYSMON,), frozenset({"1"})), (("security",), frozenset({"4688"}))),
    "ps_module": ((_POWERSHELL, frozenset({"4103"})),),
    "ps_script": ((_POWERSHELL, frozenset({"4104"})),),
    "ps_classic_start": ((("windows powershell",), frozenset({"400"})),),
    "ps_classic_provider_start": ((("windows powershell",), frozenset({"600"})),),
    "ps_classic_script": ((("windows powershell",), frozenset({"800"})),),
    "file_access": ((_KERNEL_FILE, frozenset({"12"})),),
    "file_rename": ((_KERNEL_FILE, frozenset({"19", "27"})),),
    # what Windows' own antivirus detected, acted on and failed to act on
    "antivirus": (((_DEFENDER,), frozenset({"1006", "1007", "1008", "1015", "1116", "1117", "1118", "1119"})),),
}
# Products beside `windows` whose events stand in a channel of Windows: product -> channel, with their category
PRODUCTS_IN_CHANNELS: Mapping[str, tuple[str, str]] = {"rpc_firewall": (RPC_FIREWALL, "application")}
