"""What the other programs of the auth log say: sudo, su, login, cron, systemd-logind, pkexec, doas, sftp-server.

Sources: sudo's lib/eventlog, su and login of util-linux and shadow-utils, Vixie cron's and cronie's log_it, systemd's
logind-session.c and logind-user.c, polkit's pkexec.c, OpenBSD's doas.c, OpenSSH's sftp-server.c.
"""

from __future__ import annotations

import re

from collectors.auth.messages import Table, meaning, message
from engine.events import Fields

_RAN = meaning("ran-command", "process", "start", "success")
_NOT_RUN = meaning("ran-command", "process", "start", "failure")
_SUDO_REFUSED = meaning("ran-command", "authentication process", "start", "failure")
_SWITCHED = meaning("switched-user", "session", "start", "success")
_NOT_SWITCHED = meaning("switched-user", "authentication", "end", "failure")
_LOGIN = meaning("logged-on", "authentication session", "start", "success")
_LOGIN_FAILED = meaning("logged-on", "authentication", "end", "failure")
_OPENED = meaning("logged-on", "session", "start", "success")
_CLOSED = meaning("logged-off", "session", "end", "success")
_CRONTAB = meaning("changed-crontab", "configuration file", "change", "success")
_FILE = {
    "read": meaning("opened-file", "file", "access", "success"),
    "changed": meaning("changed-file", "file", "change", "success"),
    "deleted": meaning("deleted", "file", "deletion", "success"),
}
_TTY = r"(?:/dev/)?(?P<tty>[^\s:]{1,64})"

_SU = Table(
    [
        # util-linux su: "(to %s) %s on %s", "FAILED SU (to %s) %s on %s"
        message("(to", rf"\(to (?P<effective>[^)]{{1,256}})\) (?P<user>.*) on {_TTY}", _SWITCHED),
        message("FAILED", rf"FAILED SU \(to (?P<effective>[^)]{{1,256}})\) (?P<user>.*) on {_TTY}", _NOT_SWITCHED),
        # shadow su: "+ %s %s:%s", "- %s %s:%s"; "Successful su for %s by %s", "FAILED su for %s by %s"
        message("+", rf"\+ {_TTY} (?P<user>[^\s:]{{0,256}})[:-](?P<effective>\S{{1,256}})", _SWITCHED),
        message("-", rf"- {_TTY} (?P<user>[^\s:]{{0,256}})[:-](?P<effective>\S{{1,256}})", _NOT_SWITCHED),
        message("Successful", r"Successful su for (?P<effective>\S{1,256}) by (?P<user>\S{0,256})", _SWITCHED),
        message("FAILED", r"FAILED su for (?P<effective>\S{1,256}) by (?P<user>\S{0,256})", _NOT_SWITCHED),
        # BSD su: "BAD SU %s to %s on %s", "%s to %s on %s"
        message("BAD", rf"BAD SU (?P<user>\S{{1,256}}) to (?P<effective>\S{{1,256}}) on {_TTY}", _NOT_SWITCHED),
        message("*", rf"(?P<user>\S{{1,256}}) to (?P<effective>\S{{1,256}}) on {_TTY}", _SWITCHED),
        # Solaris su: "'su %s' succeeded for %s on %s", "'su %s' failed for %s on %s"
        message(
            "'su", rf"'su (?P<effective>[^\s']{{1,256}})' succeeded for (?P<user>\S{{1,256}}) on {_TTY}", _SWITCHED
        ),
        message(
            "'su", rf"'su (?P<effective>[^\s']{{1,256}})' failed for (?P<user>\S{{1,256}}) on {_TTY}", _NOT_SWITCHED
        ),
    ]
)

_LOGINS = Table(
    [
        # util-linux login: "LOGIN ON %s BY %s FROM %s", "ROOT LOGIN ON %s FROM %s", "DIALUP AT %s BY %s"
        message("LOGIN", rf"LOGIN ON {_TTY} BY (?P<user>\S{{1,256}})(?: FROM (?P<address>\S{{1,255}}))?", _LOGIN),
        message("ROOT", rf"ROOT LOGIN ON {_TTY}(?: FROM (?P<address>\S{{1,255}}))?", _LOGIN, user__name="root"),
        message("DIALUP", rf"DIALUP AT {_TTY} BY (?P<user>\S{{1,256}})", _LOGIN),
        # util-linux login: "FAILED LOGIN %u FROM %s FOR %s, %s"; "TOO MANY LOGIN TRIES (%u) FROM %s FOR %s, %s"
        message(
            "FAILED|TOO",
            r"(?:FAILED LOGIN(?: SESSION)?|TOO MANY LOGIN TRIES) ?\(?(?P<count>\d{1,9})?\)? FROM "
            r"(?P<address>\S{1,255}) "
            r"FOR (?P<user>.*), (?P<reason>[^,]*)",
            _LOGIN_FAILED,
        ),
        # shadow login: "FAILED LOGIN (%d)%s FOR '%s'[, %s]", "invalid password for '%s' %s"
        message(
            "FAILED|TOO",
            r"(?:FAILED LOGIN|TOO MANY LOGIN TRIES) \((?P<count>\d{1,9})\)\s{1,2}(?:on '(?P<tty>[^']{1,64})' )?"
            r"(?:from '(?P<address>[^']{1,255})' )?FOR '(?P<user>[^']*)'(?:, (?P<reason>.*))?",
            _LOGIN_FAILED,
        ),
        message(
            "invalid",
            r"(?P<reason>invalid password) for [`'](?P<user>[^']*)'\s{0,2}(?:on [`']?(?P<tty>[^\s']{1,64})'?)?"
            r"(?: from [`']?(?P<address>[^\s']{1,255})'?)?",
            _LOGIN_FAILED,
        ),
        message(
            "ROOT",
            r"ROOT LOGIN\s{1,2}(?:on '(?P<tty>[^']{1,64})')?(?: from '(?P<address>[^']{1,255})')?",
            _LOGIN,
            user__name="root",
        ),
    ]
)

_CRON = Table(
    [
        # cron's log_it: "(%s) %s (%s)"
        message("*", r"\((?P<user>[^)]{1,256})\) CMD(?:OUT|END)? \((?P<command>.*)\)", _RAN),
        message(
            "*",
            r"\((?P<user>[^)]{1,256})\) (?P<reason>REPLACE|DELETE|BEGIN EDIT|END EDIT) "
            r"\((?P<target_user>[^)]{1,256})\)",
            _CRONTAB,
        ),
        message(
            "*",
            r"\((?P<user>[^)]{1,256})\) (?P<reason>LIST|RELOAD) \((?P<target_user>[^)]{1,256})\)",
            meaning("read-crontab", "configuration file", "access", "success"),
        ),
        message(
            "*",
            r"\((?P<user>[^)]{1,256})\) (?P<reason>(?:FAILED to|AUTH|WRONG|NOT|BAD) .*)",
            meaning("cron-refused", "configuration", "info", "failure"),
        ),
    ]
)

_LOGIND = Table(
    [
        # logind-session.c: "New session %s of user %s.", since 254 with quotes; "Session %s logged out. Waiting ..."
        message(
            "New",
            r"New session '?(?P<session>[^\s']{1,64})'? of user '?(?P<user>[^\s']{1,256}?)'?(?: with .*)?\.",
            _OPENED,
        ),
        message(
            "Session|Removed",
            r"(?:Session|Removed session) '?(?P<session>[^\s'.]{1,64})'?(?: logged out\..*|\.)",
            _CLOSED,
        ),
        # logind-action.c and logind-dbus.c: "System is powering down.", "System is rebooting."
        message("System", r"System is (?P<reason>.*)\.", meaning("system-shutdown", "host", "end", "success")),
    ]
)

_PKEXEC = re.compile(
    r"(?P<user>[^\s:]{1,256}): (?P<what>[^\[]*)\[USER=(?P<effective>[^\]]*)\] \[TTY=(?P<tty>[^\]]*)\] "
    r"\[CWD=(?P<directory>[^\]]*)\] \[COMMAND=(?P<command>.*)\]",
    re.DOTALL,
)
_DOAS = Table(
    [
        # doas.c: "%s ran command %s as %s from %s", "command not permitted for %s: %s", "failed auth for %s"
        message(
            "*",
            r"(?P<user>\S{1,256}) ran command (?P<command>.*) as (?P<effective>\S{1,256}) from "
            r"(?P<directory>[^\n]{1,4096})",
            _RAN,
        ),
        message("command", r"(?P<reason>command not permitted) for (?P<user>[^\s:]{1,256}): (?P<command>.*)", _NOT_RUN),
        message("failed", r"(?P<reason>failed auth) for (?P<user>\S{1,256})", _LOGIN_FAILED),
    ]
)

_PEER = r"(?:local )?user (?P<user>.*) from \[(?P<address>[^\s\]]{1,255})\]"
_SFTP = Table(
    [
        # sftp-server.c: "session opened for local user %s from [%s]", "open \"%s\" flags %s mode 0%o", ...
        message("session", rf"session opened for {_PEER}", _OPENED),
        message("session", rf"session closed for {_PEER}", _CLOSED),
        message("open", r"open \"(?P<file>.*)\" flags READ mode \S{1,8}", _FILE["read"]),
        message("open", r"open \"(?P<file>.*)\" flags \S{1,64} mode \S{1,8}", _FILE["changed"]),
        message("close", r"close \"(?P<file>.*)\" bytes read \d{1,18} written \d{1,18}", _FILE["read"]),
        message("opendir|closedir", r"\w{7,8} \"(?P<file>.*)\"", _FILE["read"]),
        message("remove|rmdir", r"\w{5,6} (?:name )?\"(?P<file>.*)\"", _FILE["deleted"]),
        message("rename|posix-rename", r"[a-z-]{6,12} old \"(?P<file>.*)\" new \"[^\"]*\"", _FILE["changed"]),
        message(
            "mkdir|set|symlink|hardlink", r"[a-z]{3,8} (?:name )?(?:old )?\"(?P<file>.*)\"[^\"]*", _FILE["changed"]
        ),
    ]
)

_SUDO_PARTS = {
    "TTY": "system.auth.sudo.tty",
    "PWD": "system.auth.sudo.pwd",
    "CWD": "system.auth.sudo.cwd",
    "CHROOT": "system.auth.sudo.chroot",
    "USER": "system.auth.sudo.user",
    "GROUP": "system.auth.sudo.group",
    "HOST": "system.auth.sudo.host",
    "TSID": "system.auth.sudo.tsid",
    "ENV": "system.auth.sudo.env",
}
_SUDO_AUTH = ("incorrect password", "a password is required", "authentication failure", "NOT in sudoers", "account")


def read_sudo(text: str, fields: Fields) -> bool:
    """Read `user : reason ; TTY=pts/0 ; PWD=/home/user ; USER=root ; COMMAND=/bin/ls` (sudoers(5), Log format).

    What stands before `TTY=` says why the command was not run; without it, it was. `(command continued)` lines carry
    the
    rest of a long command.
    """
    user, colon, rest = text.partition(" : ")
    user = user.strip()
    if not colon or not user or " " in user:
        return False
    if rest.startswith("(command continued) "):
        fields.update(_RAN)
        fields["event.action"] = "ran-command-continued"
        fields["user.name"], fields["process.command_line"] = user, rest.removeprefix("(command continued) ")
        return True
    described, separator, command = rest.partition("COMMAND=")
    if not separator and "TTY=" not in described:
        return False
    reason = _sudo_parts(described, fields)
    fields.update(_SUDO_REFUSED if any(word in reason for word in _SUDO_AUTH) else _NOT_RUN if reason else _RAN)
    if reason:
        fields["event.reason"] = fields["system.auth.sudo.error"] = reason
    fields["user.name"] = user
    if command:
        fields["system.auth.sudo.command"] = fields["process.command_line"] = command
    return True


def _sudo_parts(text: str, fields: Fields) -> str:
    """Read the `NAME=value` parts before the command; return what is none of them: the reason of a refusal."""
    reasons = []
    for part in text.split(" ; "):
        name, equals, value = part.strip(" ;").partition("=")
        if equals and name in _SUDO_PARTS:
            fields[_SUDO_PARTS[name]] = value
        elif name:
            reasons.append(name + equals + value)
    if "system.auth.sudo.user" in fields:
        fields["user.effective.name"] = fields["system.auth.sudo.user"]
    if "system.auth.sudo.pwd" in fields:
        fields["process.working_directory"] = fields["system.auth.sudo.pwd"]
    return "; ".join(reasons)


def read_su(text: str, fields: Fields) -> bool:
    """Read a message of su."""
    return _SU.read(text, fields) is not None


def read_login(text: str, fields: Fields) -> bool:
    """Read a message of login(1)."""
    return _LOGINS.read(text, fields) is not None


def read_cron(text: str, fields: Fields) -> bool:
    """Read a message of cron or crontab."""
    return _CRON.read(text, fields) is not None


def read_logind(text: str, fields: Fields) -> bool:
    """Read a message of systemd-logind."""
    return _LOGIND.read(text, fields) is not None


def read_doas(text: str, fields: Fields) -> bool:
    """Read a message of doas."""
    return _DOAS.read(text, fields) is not None


def read_sftp(text: str, fields: Fields) -> bool:
    """Read a message of sftp-server or internal-sftp."""
    return _SFTP.read(text, fields) is not None


def read_pkexec(text: str, fields: Fields) -> bool:
    """Read `user: Executing command [USER=root] [TTY=..] [CWD=..] [COMMAND=..]`; other words than these are a
    refusal."""
    match = _PKEXEC.fullmatch(text)
    if match is None:
        return False
    what = match["what"].strip()
    fields.update(_RAN if what == "Executing command" else _NOT_RUN)
    if what != "Executing command":
        fields["event.reason"] = what
    fields["user.name"], fields["user.effective.name"] = match["user"], match["effective"]
    fields["process.command_line"], fields["process.working_directory"] = match["command"], match["directory"]
    fields["system.auth.tty"] = match["tty"]
    return True
