"""Which reader a message goes to: by the program that wrote it, by PAM's words, or by its own where no tag is left."""

from __future__ import annotations

import re
from collections.abc import Callable

from collectors.auth.accounts import read_accounts
from collectors.auth.consoles import READERS as CONSOLES
from collectors.auth.guards import READERS as GUARDS
from collectors.auth.machine import read_kernel, read_xinetd
from collectors.auth.pam import read_pam
from collectors.auth.programs import (
    read_cron,
    read_doas,
    read_login,
    read_logind,
    read_pkexec,
    read_sftp,
    read_su,
    read_sudo,
)
from collectors.auth.services import (
    read_polkit,
    read_proftpd,
    read_pure_ftpd,
    read_vsftpd,
    read_xrdp,
)
from collectors.auth.sshd import read_sshd
from collectors.syslog import Header, syslog_fields
from engine.events import Fields

_Reader = Callable[[str, Fields], bool]

SSHD = ("sshd", "sshd-session", "sshd-auth", "dropbear")
_ACCOUNT_TOOLS = (
    "useradd userdel usermod groupadd groupdel groupmod groupmems gpasswd passwd chpasswd chgpasswd chage chsh chfn "
    "newusers vipw vigr adduser deluser addgroup delgroup systemd-sysusers"
)
_READERS: dict[str, _Reader] = {
    **dict.fromkeys(SSHD, read_sshd),
    **dict.fromkeys(_ACCOUNT_TOOLS.split(" "), read_accounts),
    **dict.fromkeys(("cron", "crond", "crontab", "anacron", "atd"), read_cron),
    **dict.fromkeys(("sftp-server", "internal-sftp"), read_sftp),
    **dict.fromkeys(("su", "su-l", "runuser"), read_su),
    "sudo": read_sudo,
    "login": read_login,
    "systemd-logind": read_logind,
    "pkexec": read_pkexec,
    "doas": read_doas,
    "vsftpd": read_vsftpd,
    "proftpd": read_proftpd,
    "pure-ftpd": read_pure_ftpd,
    **dict.fromkeys(("xrdp", "xrdp-sesman"), read_xrdp),
    "polkitd": read_polkit,
    "kernel": read_kernel,
    "xinetd": read_xinetd,
    **GUARDS,
    **CONSOLES,
}
_PAM_TAG = re.compile(r"(?P<program>[^(]{1,64})\((?P<module>pam_\w{1,32})\)", re.ASCII)  # the tag `su(pam_unix)`
_PAM_STARTS = ("pam_", "PAM ", "(pam_", "PAM-")


def put_header(header: Header, fields: Fields) -> None:
    """Put what stands in front of a message into fields."""
    if header.timestamp is not None:
        fields["@timestamp"] = header.timestamp
    if header.host is not None:
        fields["host.name"] = header.host
    if header.program is not None:
        fields["process.name"] = header.program
    if header.pid is not None:
        fields["process.pid"] = header.pid
    if header.priority is not None or header.message_id or header.structured_data:
        fields.update(syslog_fields(header))


def read_message(header: Header, fields: Fields) -> bool:
    """Read the message of a known program; PAM modules speak in the name of any program."""
    name, tagged = header.program or "", False
    if name.endswith(")") and (tag := _PAM_TAG.fullmatch(name)):
        name, tagged = tag["program"], True
        fields["process.name"], fields["system.auth.pam.module"] = name, tag["module"]
    if (tagged or header.message.startswith(_PAM_STARTS)) and read_pam(header.message, fields, tagged=tagged):
        return True
    name = name.partition("(")[0]  # `polkitd(authority=local)`
    reader = _READERS.get(name.rpartition("/")[2].lower())
    if reader is None or not reader(header.message, fields):
        return False
    if header.pid is not None and fields["process.pid"] != header.pid:
        fields["process.parent.pid"] = header.pid  # sshd's monitor speaks of its child
    return True


def read_bare(text: str, fields: Fields) -> bool:
    """Read a message without a tag: PAM's own words name the service, everything else known so is sshd's."""
    if text.startswith(_PAM_STARTS) and read_pam(text, fields):
        fields["process.name"] = fields.get("system.auth.pam.service") or _service(text)
        return True
    if read_sshd(text, fields):
        fields["process.name"] = "sshd"
        return True
    return False


def _service(text: str) -> str:
    """Return the service that libpam names in `PAM service(sshd) ...`; sshd is who logs PAM's words without one."""
    name = text.partition("service(")[2].partition(")")[0]
    return name if 0 < len(name) <= 64 else "sshd"


def is_remote(fields: Fields) -> bool:
    """Tell whether the account name was sent by a peer: sshd's messages, and PAM's in its name."""
    return fields.get("process.name") in SSHD


def is_auth(program: str, message: str) -> bool:
    """Tell whether a program, or what it says, belongs into the authentication log."""
    name = program.partition("(")[0].lower()
    if name == "kernel":
        return "apparmor=" in message[:256]
    return name in _READERS or message.startswith(_PAM_STARTS)
