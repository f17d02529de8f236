"""Processes, files and connections on hosts, told by an endpoint agent in ECS, by Sysmon for Linux, or by auditd.

Sources: ECS' categorisation fields; Elastic Defend's and auditbeat's exported fields; Sysmon's event schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.sigma.mapping.table import FieldTable, Names, table_of, words

# Modules whose events are about a host itself. Other sensors' events name a host as well (the one that ships them).
HOST_MODULES: Final = words("""
    endpoint santa jamf_protect jamf_compliance_reporter esf eslogger osquery osquery_manager file_integrity fim
    auditd_manager auditd auditbeat process socket file json ecs crowdstrike sentinel_one sentinel_one_cloud_funnel
    carbon_black_cloud carbonblack_edr m365_defender microsoft_defender_endpoint falco cloud_defend tetragon
    tanium trellix_edr_cloud cybereason cylance sophos_central unifiedlogs macos linux ocsf
""") | {""}

# (event.category, event.type) -> what Sigma calls it. Only the first of each counts.
ECS_CATEGORIES: Final[Mapping[tuple[str, str], str]] = {
    ("process", "start"): "process_creation",
    ("process", "end"): "process_termination",
    ("process", "access"): "process_access",
    ("file", "creation"): "file_event",
    ("file", "change"): "file_event",
    ("file", "access"): "file_access",
    ("file", "deletion"): "file_delete",
    ("network", "start"): "network_connection",
    ("network", "connection"): "network_connection",
    ("network", "allowed"): "network_connection",
    ("network", "denied"): "network_connection",
    ("network", "protocol"): "dns_query",
    ("registry", "creation"): "registry_add",
    ("registry", "change"): "registry_set",
    ("registry", "deletion"): "registry_delete",
    ("library", "start"): "image_load",
    ("driver", "start"): "driver_load",
}
_REGISTRY: Final = frozenset({"registry_event"})
OF_DETAIL: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset({name}) | (_REGISTRY if name.startswith("registry_") else frozenset())
    for name in ECS_CATEGORIES.values()
}
SYSTEMS: Final[Mapping[str, str]] = {
    "macos": "macos",
    "darwin": "macos",
    "linux": "linux",
    "windows": "windows",
}

# auditd's record types that carry what a category asks for
AUDIT_CATEGORIES: Final[Mapping[str, frozenset[str]]] = {
    "process_creation": frozenset({"execve", "syscall", "proctitle"}),
    "file_event": frozenset({"path", "syscall"}),
    "network_connection": frozenset({"sockaddr", "syscall"}),
}
# Sysmon for Linux's event ids
SYSMON_LINUX_CATEGORIES: Final[Mapping[str, str]] = {
    "1": "process_creation",
    "3": "network_connection",
    "4": "sysmon_status",
    "5": "process_termination",
    "9": "raw_access_thread",
    "11": "file_event",
    "16": "sysmon_status",
    "23": "file_delete",
    "255": "sysmon_error",
}

_ECS: Final[Names] = table_of("""
    Image                 process.executable
    CommandLine           process.command_line
    ProcessName           process.name
    OriginalFileName      process.pe.original_file_name
    Company               process.pe.company
    Description           process.pe.description
    FileVersion           process.pe.file_version
    Product               process.pe.product
    ProcessId             process.pid
    ProcessGuid           process.entity_id
    CurrentDirectory      process.working_directory
    IntegrityLevel        process.Ext.token.integrity_level_name
    LogonId               user.audit.id process.session_leader.user.id
    User                  user.name
    ParentImage           process.parent.executable
    ParentCommandLine     process.parent.command_line
    ParentProcessId       process.parent.pid
    ParentProcessGuid     process.parent.entity_id
    ParentUser            process.parent.user.name
    GrandParentImage      process.Ext.ancestry.executable process.group_leader.executable
    SourceImage           process.executable
    SourceCommandLine     process.command_line
    SourceUser            user.name
    TargetImage           process.target.executable Target.process.executable
    md5                   process.hash.md5 file.hash.md5
    sha1                  process.hash.sha1 file.hash.sha1
    sha256                process.hash.sha256 file.hash.sha256
    TargetFilename        file.path
    FileName              file.path
    SourceFilename        file.Ext.original.path
    CreationUtcTime       file.created
    ImageLoaded           dll.path file.path
    Signed                dll.code_signature.exists file.code_signature.exists
    Signature             dll.code_signature.subject_name file.code_signature.subject_name
    SignatureStatus       dll.code_signature.status file.code_signature.status
    DestinationIp         destination.ip
    DestinationPort       destination.port
    DestinationHostname   destination.domain
    SourceIp              source.ip
    SourcePort            source.port
    SourceHostname        source.domain
    Protocol              network.transport
    QueryName             dns.question.name
    QueryResults          dns.answers.data
    QueryStatus           dns.response_code
    TargetObject          registry.path
    Details               registry.data.strings
    PipeName              file.name
    Computer              host.name
    ComputerName          host.name
    Provider_Name         event.provider event.module
    EventID               event.code
""")
ECS: Final = FieldTable(datasets=(), names=_ECS)

# Sysmon for Linux writes Sysmon's event data; Elastic's integration leaves only ECS of it.
_SYSMON_FIELDS: Final = words("""
    Archived CommandLine Company Configuration ConfigurationFileHash CreationUtcTime CurrentDirectory Description
    DestinationHostname DestinationIp DestinationIsIpv6 DestinationPort DestinationPortName Device FileVersion Hashes ID
    Image Initiated IntegrityLevel IsExecutable LogonGuid LogonId OriginalFileName ParentCommandLine ParentImage
    ParentProcessGuid ParentProcessId ParentUser ProcessGuid ProcessId Product Protocol RuleName SchemaVersion
    SourceHostname SourceIp SourceIsIpv6 SourcePort SourcePortName State TargetFilename TerminalSessionId User UtcTime
    Version
""")
_SYSMON_NAMES: Final[Names] = {
    **{name: (f"winlog.event_data.{name}", *_ECS.get(name, ())) for name in _SYSMON_FIELDS},
    "EventID": ("event.code",),
    "Channel": ("winlog.channel",),
    "Provider_Name": ("winlog.provider_name",),
    "Computer": ("winlog.computer_name", "host.name"),
    "ComputerName": ("winlog.computer_name", "host.name"),
}

_AUDIT_FIELDS: Final = words("""
    a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 acct addr argc arch auid capability cap_fe cap_fi cap_fp cgroup cmd comm cwd data
    dev direction egid euid exe exit family fd fsgid fsuid fver gid grp hostname id inode item items key laddr lport
    list mode msg name nametype new-enabled nargs new-level obj obj_gid obj_uid ocomm ogid old opid oses ouid ouid
    path perm pid ppid proctitle proto rdev reason res result saddr sal scontext ses sgid sig size subj success suid
    syscall SYSCALL ARCH AUID UID EUID GID OUID OGID SUID tcontext tclass terminal tty uid unit ver vm watch
""")
_AUDITD: Final[Names] = {
    **_ECS,
    "type": ("auditd.log.record_type", "auditd.message_type"),
    "record_type": ("auditd.log.record_type", "auditd.message_type"),
    "USER": ("auditd.data.USER", "user.name"),
}
# auditbeat and auditd_manager join the records of an event, and keep of them what ECS has no name for
_MANAGED: Final[Names] = {
    **_AUDITD,
    "exe": ("process.executable", "auditd.data.exe"),
    "comm": ("process.name", "auditd.data.comm"),
    "name": ("file.path", "auditd.paths.name", "auditd.data.name"),
    "nametype": ("auditd.paths.nametype", "auditd.data.nametype"),
    "key": ("tags", "auditd.data.key"),
    "SYSCALL": ("auditd.data.syscall", "auditd.data.SYSCALL"),
    "euid": ("user.effective.id", "auditd.data.euid"),
    "unit": ("service.name", "auditd.data.unit"),
}
# of the system's log: that of a host, and what appliances and hypervisors write as a host does
SYSLOG_DATASETS: Final = (
    *("system.auth", "system.syslog", "vmware_esxi.log", "vsphere.log"),
    *("wallix_bastion.system", "rsa_securid.system", "ibm_aix.syslog"),
)
# Falcon's sensors name parents, and the processes of most events, by their file names alone.
_FALCON: Final[Names] = {
    **_ECS,
    "Image": ("process.executable", "crowdstrike.image_end"),
    "ParentImage": ("process.parent.executable", "crowdstrike.parent_image_end"),
}
_SYSLOG: Final[Names] = {
    **{name: fields for name, fields in _ECS.items() if name.startswith(("Image", "Command", "Current", "Process"))},
    "User": ("user.name",),
    "USER": ("system.auth.sudo.user", "user.effective.name"),  # sudo(8): whom the command runs as
    "program": ("process.name",),
    "message": ("message",),
}

TABLES: Final = (
    FieldTable(
        datasets=("sysmon_linux.log",),
        names=_SYSMON_NAMES,
        prefixes=("winlog.event_data.",),
        own=_SYSMON_FIELDS,
    ),
    FieldTable(datasets=("auditd.log",), names=_AUDITD, prefixes=("auditd.data.", "auditd.log."), own=_AUDIT_FIELDS),
    FieldTable(
        datasets=("auditd_manager.auditd", "auditd."),
        names=_MANAGED,
        prefixes=("auditd.data.", "auditd.summary."),
        own=_AUDIT_FIELDS,
    ),
    FieldTable(datasets=("crowdstrike.fdr",), names=_FALCON, prefixes=("crowdstrike.",)),
    FieldTable(datasets=SYSLOG_DATASETS, names=_SYSLOG, prefixes=("system.auth.", "system.syslog.")),
)
