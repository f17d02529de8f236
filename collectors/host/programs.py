"""Which source reads what a program says through syslog, whatever file or stream its lines stand in.

Every host's `messages` and journal hold many programs. The table below is the only place that tells whose they are: the
sources of such mixed logs hand a program's lines over by it, and a source for one program alone refuses the lines of
others, which then come back here (see `collectors.decoding`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from collectors.framing import decode
from collectors.registry import find
from collectors.source import Completed, Options, Parser, Record
from collectors.syslog import Header, parse_header
from engine.errors import MalformedRecordError
from engine.events import Fields

HOST: Final = "auth"
"""The source of a host's own programs: log-ins, accounts, jobs, the kernel, system services."""

_PROGRAMS: Final = {
    "apache": "apache2 httpd apache",
    "auditd": "audispd audisp-syslog audit auditd",
    HOST: "sshd sshd-session sshd-auth dropbear sudo su login cron crond anacron atd kernel systemd systemd-logind "
    "systemd-networkd systemd-resolved systemd-timesyncd systemd-udevd systemd-journald systemd-sysctl rsyslogd "
    "syslog-ng networkmanager dbus-daemon dbus polkitd chronyd ntpd ntpdate logrotate smartd irqbalance dhclient "
    "udisksd snapd containerd dockerd kubelet avahi-daemon modemmanager wpa_supplicant firewalld fail2ban-server "
    "vsftpd proftpd pure-ftpd xinetd useradd userdel usermod groupadd groupdel passwd chpasswd pkexec doas runuser "
    "sftp-server internal-sftp xrdp xrdp-sesman rkhunter chkrootkit yum dnf clamonacc clamd freshclam fail2ban "
    "fail2ban.actions fail2ban.filter snmpd smbd "
    "nmbd winbindd samba rpcbind rpc.mountd nrpe zabbix_agentd monit gdm-password lightdm multipathd lvm dracut",
    "bind": "named named-sdb named-pkcs11 bind9",
    "coredns": "coredns",
    "cowrie_text": "cowrie",
    "dnsmasq": "dnsmasq dnsmasq-dhcp dnsmasq-tftp dnsmasq-script",
    "dovecot": "dovecot",
    "drupal": "drupal",
    "endlessh": "endlessh",
    "exim": "exim exim4",
    "freeradius": "radiusd freeradius",
    "haproxy": "haproxy hapee",
    "isc_dhcp": "dhcpd dhcpd6 dhcrelay",
    "juniper_srx": "mgd rt_flow rt_ids rt_idp rt_utm rt_screen l2ald",
    "kea": "kea-dhcp4 kea-dhcp6 kea-dhcp-ddns kea-ctrl-agent",
    "kibana": "opensearch-dashboards kibana",
    "mysql": "mysqld mariadbd mysqld_safe",
    "mysql_audit": "mysql-server_auditing mariadb-server_auditing",
    "nginx": "nginx",
    "openldap": "slapd",
    "openvpn": "openvpn ovpn-server ovpn-client",
    "pf": "filterlog",
    "postfix": "postgrey policyd-spf opendkim opendmarc amavis postsrsd",
    "postgresql": "postgres postgresql",
    "redis": "redis redis-server redis-sentinel",
    "samba_auth": "smb samba_auth",
    "samba_full_audit": "smbd_audit",
    "servarr": "sonarr radarr lidarr prowlarr",
    "snort": "snort",
    "spamassassin": "spamd",
    "squid": "squid",
    "strongswan": "charon charon-systemd charon-nm strongswan swanctl",
    "suricata": "suricata",
    "sysmon_linux": "sysmon sysmonforlinux",
    "unbound": "unbound",
    "vmware_esxi": "hostd hostd-probe vpxa vobd vmkernel vmkwarning vmksummary vmauthd rhttpproxy fdm vsanmgmtd",
    "vmware_vcenter": "vpxd vpxd-main vpxd-svcs applmgmt applmgmt-audit",
    "wallix_bastion": "wabengine sshproxy rdpproxy",
    "wordpress": "wordpress",
}
_SOURCES: Final = {name: source for source, names in _PROGRAMS.items() for name in names.split()}
_STARTS: Final = (("postfix", "postfix"), ("openvpn", "openvpn"), ("ovpn", "openvpn"), ("haproxy", "haproxy"))
"""Programs that exist under many names: `postfix-out/smtpd`, `openvpn-tax`."""

_KERNEL: Final = (("wireguard: ", "wireguard"), ("audit: type=", "auditd"))
_AMONG: Final = {*_PROGRAMS, "netfilter", "wireguard"}
_UPTIME = re.compile(r"(?:\[ {0,8}\d{1,10}\.\d{1,9}\] )?", re.ASCII)
_HEAD: Final = 1024  # bytes of a line in which its header ends
_LONGEST: Final = 64  # characters of a program's name


def reader_of(header: Header) -> str | None:
    """Return the name of the source that reads what a header's program says; None where no source is the program's.

    What a line without a header begins with may be any word, and names no program.
    """
    if header.program is None or len(header.program) > _LONGEST or (header.kind == "bare" and header.priority is None):
        return None
    source = _by_name(header.program)
    return _of_kernel(header.message) if header.program == "kernel" else source


@lru_cache(maxsize=4096)
def _by_name(program: str) -> str | None:
    name = program.lower()
    whole = name.partition("(")[0].rpartition("/")[2]  # `polkitd(authority=local)`, `/usr/sbin/cron`
    if found := _SOURCES.get(name) or _SOURCES.get(whole):
        return found
    return next((source for start, source in _STARTS if name.startswith(start)), None)


def _of_kernel(message: str) -> str:
    """Tell what of the kernel's messages others read; AppArmor's denials are the host's."""
    uptime = _UPTIME.match(message)
    text = message[uptime.end() if uptime else 0 :][:256]
    if "apparmor=" in text:
        return HOST
    return next((source for start, source in _KERNEL if text.startswith(start)), HOST)


def refuse_others(header: Header, own: str, *beside: str) -> None:
    """Raise `MalformedRecordError` where a line is of a program that another source than `own` and `beside` reads."""
    reader = reader_of(header)
    if reader is not None and reader != own and reader not in beside:
        raise MalformedRecordError(f"a line of {header.program}, which the source {reader} reads")


def begins_others(line: bytes, own: str) -> bool:
    """Tell whether a line is a syslog line of a program that is not known for `own`'s: it begins a record."""
    header = parse_header(decode(line[:_HEAD]), Options())
    return _is_headed(header) and reader_of(header) != own


def _is_headed(header: Header) -> bool:
    return header.kind != "bare" and header.program is not None and header.host is not None


class Programs:
    """Reads the lines of many programs, each with its source's own parser; one for a stream."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._parsers: dict[str, Parser] = {}

    def read(self, header: Header, record: Record) -> Fields | None:
        """Return the completed fields of a record, None where the host's own source has to read it.

        So it is where no other source knows its program, and where that source cannot read it.
        """
        source = reader_of(header)
        if source is None or source == HOST:
            return None
        try:
            parser = self._parser(source)
            fields = parser.parse(record)
        except MalformedRecordError:
            return None
        if fields is None:
            return None
        said = (("@timestamp", header.timestamp), ("host.name", header.host), ("log.syslog.appname", header.program))
        for name, value in said:
            if value is not None:
                fields.setdefault(name, value)
        return Completed(parser.complete(fields))

    def _parser(self, source: str) -> Parser:
        if source not in self._parsers:
            self._parsers[source] = find(source).open(self._options)
        return self._parsers[source]

    def strayed(self, record: Record, own: str) -> Fields | None:
        """Return the completed fields of a record that the source `own` refused, where it is of another's program.

        Among the lines of the table's programs it may also be of one that the table does not name.
        """
        if own == HOST:
            return None
        header = parse_header(decode(record.raw), self._options)
        reader = reader_of(header)
        if reader == own or (reader is None and not (own in _AMONG and _is_headed(header))):
            return None
        host = self._parser(HOST)
        fields = host.parse(record)
        if fields is None or isinstance(fields, Completed):
            return fields
        return Completed(host.complete(fields))
