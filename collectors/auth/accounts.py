"""What the programs that change users and groups say: shadow-utils, util-linux and systemd-sysusers.

Source: the SYSLOG calls of shadow-utils' useradd.c, userdel.c, usermod.c, groupadd.c, groupdel.c, groupmod.c,
gpasswd.c,
passwd.c, chpasswd.c, chage.c, chsh.c, chfn.c, newusers.c, and util-linux' chfn, chsh and vipw. Names stand in '...' or
`...'.
"""

from __future__ import annotations

from collectors.auth.messages import Message, Table, meaning, message
from engine.events import Fields

_USER = r"[`'](?P<user>[^']{0,256})'"
_GROUP = r"[`'](?P<group>[^']{0,256})'"

_ADD_USER = meaning("added-user-account", "iam", "user creation", "success")
_ADD_USER_FAILED = meaning("added-user-account", "iam", "user creation", "failure")
_DELETE_USER = meaning("deleted-user-account", "iam", "user deletion", "success")
_CHANGE_USER = meaning("modified-user-account", "iam", "user change", "success")
_PASSWORD = meaning("changed-password", "iam", "user change", "success")
_ADD_GROUP = meaning("added-group-account", "iam", "group creation", "success")
_ADD_GROUP_FAILED = meaning("added-group-account", "iam", "group creation", "failure")
_DELETE_GROUP = meaning("deleted-group-account", "iam", "group deletion", "success")
_CHANGE_GROUP = meaning("modified-group-account", "iam", "group change", "success")
_ADD_MEMBER = meaning("added-user-to-group", "iam", "group change user", "success")
_REMOVE_MEMBER = meaning("removed-user-from-group", "iam", "group change user", "success")

_USERS: list[Message] = [
    # useradd.c: "new user: name=%s, UID=%u, GID=%u, home=%s, shell=%s, from=%s"
    message(
        "new",
        r"new user: name=(?P<user>[^,]{1,256})(?:, UID=(?P<user_id>\d{1,10}))?(?:, GID=(?P<group_id>\d{1,10}))?"
        r"(?:, home=(?P<home>[^,]*))?(?:, shell=(?P<shell>[^,]*))?(?:, from=(?P<tty>[^,]*))?",
        _ADD_USER,
    ),
    message("failed", rf"failed adding user {_USER}(?:, )?(?P<reason>.*)", _ADD_USER_FAILED),
    # userdel.c: "delete user '%s'"
    message("delete", rf"delete user {_USER}", _DELETE_USER),
    # usermod.c: "change user name '%s' to '%s'", "change user '%s' %s from '%s' to '%s'", "change user '%s' password"
    message("change", rf"change user name {_USER} to [`'](?P<changed>[^']{{1,256}})'", _CHANGE_USER),
    message("change", rf"change user {_USER} (?:UID from '\d{{1,10}}' to '(?P<user_id>\d{{1,10}})')", _CHANGE_USER),
    message("change", rf"change user {_USER} password", _PASSWORD),
    message("change", rf"change user {_USER} (?P<reason>.*)", _CHANGE_USER),
    message("lock|unlock", rf"(?P<reason>(?:un)?lock) user {_USER} password", _CHANGE_USER),
    # passwd.c: "password for '%s' changed by '%s'"; chpasswd.c: "changed password for '%s'"
    message("password", rf"password for [`'](?P<target_user>[^']{{1,256}})' changed by {_USER}", _PASSWORD),
    message("changed", r"changed password (?:for|expiry for) [`']?(?P<user>[^\s']{1,256})'?", _PASSWORD),
    # chage.c, chsh.c, chfn.c: "changed user '%s' shell to '%s'", "changed user '%s' information"
    message("changed", rf"changed user {_USER} (?:shell to [`'](?P<shell>[^']*)'|(?P<reason>.*))", _CHANGE_USER),
]

_GROUPS: list[Message] = [
    # groupadd.c, useradd.c: "new group: name=%s, GID=%u"; "group added to %s: name=%s, GID=%u"
    message("new", r"new group: name=(?P<group>[^,]{1,256})(?:, GID=(?P<group_id>\d{1,10}))?", _ADD_GROUP),
    message(
        "group",
        r"group added to (?P<file>[^\s:]{1,255}): name=(?P<group>[^,]{1,256})(?:, GID=(?P<group_id>\d{1,10}))?",
        _ADD_GROUP,
    ),
    message("failed", rf"failed adding group {_GROUP}(?:, )?(?P<reason>.*)", _ADD_GROUP_FAILED),
    # groupdel.c: "group '%s' removed from %s"; userdel.c: "removed group '%s' owned by '%s'"
    message("group", rf"group {_GROUP} removed(?: from (?P<file>\S{{1,255}}))?", _DELETE_GROUP),
    message("removed", rf"removed (?:shadow )?group {_GROUP} owned by {_USER}", _DELETE_GROUP),
    # groupmod.c: "group changed in %s (group %s/%u, new name: %s)"
    message(
        "group",
        r"group changed in (?P<file>\S{1,255}) \(group "
        r"(?P<group>[^/,)]{1,256})(?:/(?P<group_id>\d{1,10}))?(?P<reason>.*)\)",
        _CHANGE_GROUP,
    ),
    # usermod.c, useradd.c: "add '%s' to [shadow ]group '%s'"; userdel.c: "delete '%s' from [shadow ]group '%s'"
    message("add", rf"add {_USER} to (?:shadow )?group {_GROUP}", _ADD_MEMBER),
    message("delete", rf"delete {_USER} from (?:shadow )?group {_GROUP}", _REMOVE_MEMBER),
    # gpasswd.c: "user %s added by %s to group %s", "user %s removed by %s from group %s", "members of group %s set
    # by %s to %s"
    message(
        "user",
        r"user (?P<target_user>\S{1,256}) added by (?P<user>\S{1,256}) to group (?P<group>\S{1,256})",
        _ADD_MEMBER,
    ),
    message(
        "user",
        r"user (?P<target_user>\S{1,256}) removed by (?P<user>\S{1,256}) from group (?P<group>\S{1,256})",
        _REMOVE_MEMBER,
    ),
    message(
        "members|administrators",
        r"(?P<reason>members|administrators) of group (?P<group>\S{1,256}) set by (?P<user>\S{1,256}) to .*",
        _CHANGE_GROUP,
    ),
    message(
        "change",
        r"(?P<reason>change the password) (?:for|of) group (?P<group>\S{1,256}) by (?P<user>\S{1,256})",
        _CHANGE_GROUP,
    ),
    # vipw: "file %s edited"; systemd-sysusers: "Creating user %s (%s) with UID %u and GID %u."
    message("file", r"file (?P<file>/etc/\w{1,32}) (?P<reason>edited)", _CHANGE_USER),
    message(
        "Creating",
        r"Creating user '?(?P<user>[^\s']{1,256})'? \(.*\) with UID (?P<user_id>\d{1,10}) and GID "
        r"(?P<group_id>\d{1,10})\.?",
        _ADD_USER,
    ),
    message("Creating", r"Creating group '?(?P<group>[^\s']{1,256})'? with GID (?P<group_id>\d{1,10})\.?", _ADD_GROUP),
]

_TABLE = Table([*_USERS, *_GROUPS])


def read_accounts(text: str, fields: Fields) -> bool:
    """Add what a message of an account tool says to the fields; tell whether it is known."""
    return _TABLE.read(text, fields) is not None
