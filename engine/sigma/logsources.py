"""Which events a rule's log source means: Sigma's product, category and service against what collectors deliver.

Channels and event ids are those of Microsoft's documentation and of Sysmon's; the names of services and categories
are those of the Sigma taxonomy (Sigma specification 2.1, appendix "Taxonomy"). A rule sees only the events of its log
source: that is a matter of correctness, not of speed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.events import Value, texts
from engine.sigma.rules import LogSource

SYSMON = "microsoft-windows-sysmon/operational"
_POWERSHELL = ("microsoft-windows-powershell/operational", "powershellcore/operational")
_APPLOCKER = "microsoft-windows-applocker/"

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
    "windefend": ("microsoft-windows-windows defender/operational",),
    "msexchange-management": ("msexchange management",),
    "dns-server": ("dns server",),
    "dns-server-audit": ("microsoft-windows-dns-server/audit",),
    "dns-server-analytic": ("microsoft-windows-dns-server/analytical",),
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
    "vhdmp": ("microsoft-windows-vhdmp/operational",),
    "terminalservices-localsessionmanager": ("microsoft-windows-terminalservices-localsessionmanager/operational",),
    "appxdeployment-server": ("microsoft-windows-appxdeploymentserver/operational",),
    "appxpackaging-om": ("microsoft-windows-appxpackaging/operational",),
    "appmodel-runtime": ("microsoft-windows-appmodel-runtime/admin",),
    "capi2": ("microsoft-windows-capi2/operational",),
    "certificateservicesclient-lifecycle-system": (
        "microsoft-windows-certificateservicesclient-lifecycle-system/operational",
    ),
    "lsa-server": ("microsoft-windows-lsa/operational",),
    "iis-configuration": ("microsoft-iis-configuration/operational",),
    "kernel-event-tracing": ("microsoft-windows-kernel-eventtracing/admin",),
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
}

# Other products and categories -> datasets, by whole name or by the part before the dot (`nginx.`)
_DATASETS: Mapping[tuple[str, str, str], tuple[str, ...]] = {
    ("", "webserver", ""): ("iis.access", "nginx.access", "apache.access", "traefik.access", "caddy.access"),
    ("windows", "webserver", ""): ("iis.access",),
    ("", "webserver", "iis"): ("iis.access",),
    ("windows", "", "iis"): ("iis.access",),
    ("", "", "iis"): ("iis.access",),
    ("", "", "nginx"): ("nginx.",),
    ("", "", "apache"): ("apache.",),
    ("nginx", "", ""): ("nginx.",),
    ("apache", "", ""): ("apache.",),
    ("", "webserver", "nginx"): ("nginx.",),
    ("", "webserver", "apache"): ("apache.",),
    ("", "proxy", ""): ("squid.access", "proxy.", "bluecoat.", "zscaler."),
    ("squid", "", ""): ("squid.",),
    ("linux", "", ""): ("system.auth", "system.syslog", "auditd.log", "linux."),
    ("linux", "", "syslog"): ("system.auth", "system.syslog"),
    ("linux", "", "auth"): ("system.auth",),
    ("linux", "", "auditd"): ("auditd.log",),
    ("openvpn", "", ""): ("openvpn.",),
    ("", "vpn", ""): ("openvpn.",),
    ("", "firewall", ""): ("firewall.", "iptables.", "pfsense.", "panw.", "fortinet_fortigate.", "cisco_asa."),
    ("", "dns", ""): ("dns.", "bind.", "unbound.", "dnsmasq.", "zeek.dns"),
    ("", "antivirus", ""): ("antivirus.", "clamav."),
    ("", "database", ""): ("postgresql.", "mysql.", "mssql.", "oracle."),
}

# services of product linux that are programs writing to the system log: dataset system.auth or system.syslog
_LINUX_PROGRAMS: Mapping[str, frozenset[str]] = {
    "sshd": frozenset({"sshd", "sshd-session", "sshd-auth"}),
    "sudo": frozenset({"sudo"}),
    "cron": frozenset({"cron", "crond", "crontab", "anacron"}),
    "clamav": frozenset({"clamd", "clamav", "freshclam"}),
    "guacamole": frozenset({"guacd", "guacamole"}),
    "vsftpd": frozenset({"vsftpd"}),
}
_LINUX_CATEGORIES: Mapping[str, frozenset[str]] = {  # auditd record types that carry what the category asks for
    "process_creation": frozenset({"execve", "syscall", "proctitle"}),
    "file_event": frozenset({"path", "syscall"}),
    "network_connection": frozenset({"sockaddr", "syscall"}),
}


_PROGRAMS = frozenset().union(*_LINUX_PROGRAMS.values())
_RECORD_TYPES = frozenset().union(*_LINUX_CATEGORIES.values())
_CHANNELS = frozenset(channel for channels in WINDOWS_SERVICES.values() for channel in channels)
_CATEGORY_IDS: Mapping[str, frozenset[str]] = {
    channel: frozenset().union(
        *(ids for parts in WINDOWS_CATEGORIES.values() for channels, ids in parts if channel in channels)
    )
    for parts in WINDOWS_CATEGORIES.values()
    for channels, _ in parts
    for channel in channels
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What decides which rules see an event: for Windows `windows`, channel and event id; else dataset and program."""

    family: str
    dataset: str
    detail: str


# The fields from which an event's kind is told.
KIND_FIELDS = (
    "winlog.channel",
    "event.code",
    "event.dataset",
    "event.module",
    "process.name",
    "auditd.log.record_type",
)


def kind_of(fields: Mapping[str, Value]) -> Kind:
    """Tell the kind of an event from its fields."""
    return kind_from([_first(fields.get(name)) for name in KIND_FIELDS])


def kind_from(values: Sequence[str]) -> Kind:
    """Tell the kind of an event from the values of `KIND_FIELDS` (empty where absent).

    Channels, event ids and programs that no log source names are all one kind: what an attacker writes there can't
    make the number of kinds grow.
    """
    channel, code, dataset, module, program, record_type = values
    if channel:
        return _windows_kind(channel.lower(), code)
    if dataset in {"system.auth", "system.syslog"}:
        name = program.lower()
        return Kind("linux", dataset, name if name in _PROGRAMS else "")
    if dataset == "auditd.log":
        return Kind("linux", dataset, record_type.lower() if record_type.lower() in _RECORD_TYPES else "")
    # the dataset alone tells the family, so that the store's list of datasets names every field prefix there can be
    return Kind(dataset.partition(".")[0] or module, dataset, "")


def _windows_kind(channel: str, code: str) -> Kind:
    ids = _CATEGORY_IDS.get(channel)
    if ids is None:
        return Kind("windows", channel if channel in _CHANNELS else "", "")
    return Kind("windows", channel, code if code in ids else "")


def _first(value: Value | None) -> str:
    found = texts(value)
    return found[0] if found else ""


def covers(source: LogSource, kind: Kind) -> bool:
    """Tell whether events of this kind belong to the log source."""
    if kind.family == "windows":
        return source.product in {"windows", ""} and _covers_windows(source, kind)
    if source.product == "linux" and (source.service or source.category):
        return _covers_linux(source, kind)
    if not source.product and source.category in _LINUX_CATEGORIES and kind.family == "linux":
        return not source.service and kind.detail in _LINUX_CATEGORIES[source.category]
    datasets = datasets_of(source)
    return any(kind.dataset == name or (name.endswith(".") and kind.dataset.startswith(name)) for name in datasets)


def _covers_windows(source: LogSource, kind: Kind) -> bool:
    if not source.product and not source.service and not source.category:
        return False
    if source.category:
        wanted = WINDOWS_CATEGORIES.get(source.category, ())
        if not any(kind.dataset in channels and kind.detail in ids for channels, ids in wanted):
            return False
    if source.service:
        return kind.dataset in WINDOWS_SERVICES.get(source.service, ())
    return True


def _covers_linux(source: LogSource, kind: Kind) -> bool:
    if kind.family != "linux":
        return False
    if source.category:
        return kind.detail in _LINUX_CATEGORIES.get(source.category, ())
    if source.service in _LINUX_PROGRAMS:
        return kind.dataset != "auditd.log" and kind.detail in _LINUX_PROGRAMS[source.service]
    return kind.dataset in datasets_of(source)


def datasets_of(source: LogSource) -> tuple[str, ...]:
    """Return the datasets of a log source that is not Windows'; for an unknown product, those named after it."""
    parts = (source.product, source.category, source.service)
    if parts in _DATASETS:
        return _DATASETS[parts]
    if source.product in {"windows", "linux", "macos", ""}:
        return ()
    if source.service:
        return (f"{source.product}.{source.service}", f"{source.service}.")
    return (f"{source.product}.",)


def is_known(source: LogSource) -> bool:
    """Tell whether any event could ever belong to the log source."""
    category, service = source.category, source.service
    if source.product in {"windows", ""} and (source.product or category or service):
        known = (not category or category in WINDOWS_CATEGORIES) and (not service or service in WINDOWS_SERVICES)
        return known or bool(datasets_of(source))
    if source.product == "linux" and (source.category or source.service):
        return source.category in _LINUX_CATEGORIES or source.service in _LINUX_PROGRAMS or bool(datasets_of(source))
    return bool(datasets_of(source))
