"""What PAM modules say, in the name of whichever program asked them.

Sources: the pam_syslog calls of Linux-PAM (pam_unix, pam_faillock, pam_tally2, pam_access, pam_listfile, pam_limits,
pam_succeed_if, pam_wheel, pam_securetty), pam_systemd, SSSD's pam_sss, Samba's pam_winbind, pam_krb5, pam_ldap and
pam_google_authenticator. A message is `module(service:phase): text`, before Linux-PAM 0.99 `(module) text`, or the
program's own tag is `program(pam_unix)`.
"""

from __future__ import annotations

import re

from collectors.auth.messages import Table, assign, meaning, message
from engine.events import Fields

_OPENED = meaning("logged-on", "session", "start", "success")
_CLOSED = meaning("logged-off", "session", "end", "success")
_FAILED_SESSION = meaning("session_failed", "session", "end", "failure")
_ACCEPTED = meaning("pam_authentication", "authentication", "start", "success")
_REFUSED = meaning("pam_authentication", "authentication", "end", "failure")
_GRANTED = meaning("pam_access", "session", "start", "success")
_DENIED = meaning("pam_access", "authentication", "end", "failure")
_PASSWORD = meaning("changed-password", "iam", "user change", "success")
_PASSWORD_FAILED = meaning("changed-password", "iam", "user change", "failure")
_POLICY = meaning("pam_requirement", "authentication", "info", "success")

_ACCOUNT = r"(?:(?P<user_domain>[^\s\\@']{1,255})\\)?(?P<user>[^@']{1,256})(?:@(?P<realm>[^']{1,255}))?"

_TABLE = Table(
    [
        # pam_unix_sess.c: "session opened for user %s(uid=%lu) by %s(uid=%lu)", before 1.4 without the first uid
        message(
            "session",
            r"session opened for user (?P<subject>[^\s(]{1,256})(?:\(uid=(?P<subject_id>\d{1,10})\))? by "
            r"(?P<by>[^\s(]{0,256})(?:\(uid=(?P<by_id>\d{1,10})\))?",
            _OPENED,
        ),
        message("session", r"session closed for user (?P<user>.*)", _CLOSED),
        # pam_unix_auth.c, support.c: "authentication failure; logname=%s uid=%d euid=%d tty=%s ruser=%s rhost=%s
        # user=%s"
        message("authentication|Authentication", r"[Aa]uthentication failure(?:;(?P<pairs> .*)?)?", _REFUSED),
        message("authentication", r"authentication success(?:;(?P<pairs> .*)?)?", _ACCEPTED),
        message(
            "*",
            r"(?P<count>\d{1,9}) more authentication failures?; (?P<pairs>.*)",
            meaning("pam_authentication", "authentication session", "end", "failure"),
        ),
        message("check", r"check pass; (?P<reason>user unknown)", _REFUSED),
        message("bad", r"(?P<reason>bad username) \[(?P<user>[^\]]*)\]", _REFUSED),
        message("auth", r"auth (?P<reason>could not identify password) for \[(?P<user>[^\]]*)\]", _REFUSED),
        message("could", r"(?P<reason>could not identify user) \(from [^)]*\((?P<user>[^)]*)\)\)?.*", _REFUSED),
        message("conversation|unable", r"(?P<reason>conversation failed|unable to obtain a password)", _REFUSED),
        message(
            "account", r"account (?P<user>\S{1,256}) (?P<reason>has (?:password changed in future|expired).*)", _DENIED
        ),
        message("expired", r"(?P<reason>expired password) for user (?P<user>\S{1,256}).*", _DENIED),
        message("new", r"(?P<reason>new password not acceptable)", _PASSWORD_FAILED),
        message("password", r"password changed for (?P<user>.*)", _PASSWORD),
        message("password", r"password - (?P<reason>.*)", _PASSWORD_FAILED),
        # pam_faillock: "Consecutive login failures for user %s account temporarily locked"; pam_tally2: "user %s
        # (%lu) tally ..."
        message(
            "Consecutive",
            r"(?P<reason>Consecutive login failures) for user (?P<user>.*) account (?:temporarily )?locked",
            meaning("account_locked", "authentication iam", "denied user change", "failure"),
        ),
        message("user", r"user (?P<user>\S{1,256}) \((?P<user_id>\d{1,10})\) (?P<reason>.*tally .*)", _DENIED),
        # pam_access: "access denied for user `%s' from `%s'"; pam_listfile: "Refused user %s for service %s"
        message("access", r"access denied for user [`'](?P<user>[^']*)' from [`'](?P<address>[^'\s]{1,255})'", _DENIED),
        message("access", r"access denied: (?P<reason>.*)", _DENIED),
        message("Refused", r"(?P<reason>Refused) user (?P<user>.*) for service \S{1,64}", _DENIED),
        # pam_succeed_if: "requirement \"%s\" not met by user \"%s\"", "... was met by user ..."
        message("requirement", r"(?P<reason>requirement \".*\" not met) by user \"(?P<user>[^\"]*)\"", _DENIED),
        message("requirement", r"(?P<reason>requirement \".*\" was met) by user \"(?P<user>[^\"]*)\"", _POLICY),
        # pam_wheel: "Access denied to '%s' for '%s'", "Access granted to ..."; pam_sss: "Access denied for user %s:
        # %d (%s)"
        message("Access", r"Access denied (?:to|for) '(?P<user>[^']*)' (?:to|for) '(?P<effective>[^']*)'", _DENIED),
        message("Access", r"Access granted (?:to|for) '(?P<user>[^']*)' (?:to|for) '(?P<effective>[^']*)'", _GRANTED),
        message("Access", r"Access denied for user (?P<user>\S{1,256}): (?P<reason>.*)", _DENIED),
        # pam_sss: "received for user %s: %d (%s)"
        message("received", r"received for user (?P<user>.*): \d{1,6} \((?P<reason>[^)]*)\)", _REFUSED),
        # pam_winbind: "user '%s' granted access", "user '%s' denied access (...)", "... (user = '%s')", "(retval =
        # ..., user = '%s')"
        message("user", rf"user '{_ACCOUNT}' granted access", _GRANTED),
        message("user", rf"user '{_ACCOUNT}' (?P<reason>denied access.*|OK)", _DENIED),
        message("internal|request", r"(?P<reason>(?:internal module error|request \S{1,64} failed).*)", _REFUSED),
        # pam_krb5: "authentication succeeds for '%s' (%s)", "authentication fails for '%s' (%s): %s (%s)"
        message("authentication", r"authentication succeeds for '(?P<user>[^']*)' \((?P<signature>.*)\)", _ACCEPTED),
        message("authentication", r"authentication fails for '(?P<user>[^']*)' (?P<reason>.*)", _REFUSED),
        message("user", r"user (?P<user>\S{1,256}) authenticated as (?P<signature>\S{1,512})", _ACCEPTED),
        # pam_ldap, pam_radius: "error trying to bind as user \"%s\" (%s)"
        message("error", r"error trying to bind as user \"(?P<user>[^\"]*)\" \((?P<reason>.*)\)", _REFUSED),
        message("error", r"(?P<reason>error retrieving information about user) (?P<user>.*)", _REFUSED),
        # pam_google_authenticator: "Accepted google_authenticator for %s", "Invalid verification code for %s"
        message("Accepted", r"Accepted (?P<method>\S{1,64}) for (?P<user>.*)", _ACCEPTED),
        message("Invalid", r"(?P<reason>Invalid verification code)(?: for (?P<user>.*))?", _REFUSED),
        # pam_systemd: "Failed to create session: %s", "Failed to release session: %s"
        # pam_limits: "Too many logins (max %d) for %s"
        message("Failed", r"Failed to (?:create|release) session: (?P<reason>.*)", _FAILED_SESSION),
        message(
            "Too", r"(?P<reason>Too many (?:system )?logins \(max \d{1,9}\))(?: for (?P<user>.*))?", _FAILED_SESSION
        ),
        # libpam: "service(%s) ignoring max retries; %d > %d", after "PAM "
        message(
            "*",
            r"service\([^)]{1,64}\) (?P<reason>ignoring max retries); (?P<count>\d{1,9}) > \d{1,9}",
            meaning("pam_max_retries", "session authentication", "start", "failure"),
        ),
    ]
)

_CALL = re.compile(r"(?P<module>pam_\w{1,32})\((?P<service>[^:()\s]{1,64}):(?P<phase>\w{1,16})\): ?", re.ASCII)
_OLD_CALL = re.compile(r"\((?P<module>pam_\w{1,32})\) |PAM[ -](?=\d|service)|(?P<plain>pam_\w{1,32}): ", re.ASCII)
_PAIR = re.compile(r"(\w{1,16})=(\S*)", re.ASCII)
_PAIR_NAMES = {"rhost": "address", "user": "user", "tty": "tty", "ruser": "remote_user"}
_NO_PERSON = frozenset({"", "LOGIN", "(null)", "unknown"})  # what `by` names where no user asked for the session


def read_pam(text: str, fields: Fields, *, tagged: bool = False) -> bool:
    """Add what a message of a PAM module says to the fields; tell whether it is one.

    `tagged` says that the program's tag named a PAM module, so that the text does not. A known module with an unknown
    text is still a message of that module (`system.auth.pam.module`, `.service`, `.phase`).
    """
    call = _CALL.match(text) or _OLD_CALL.match(text)
    if call is None:
        return tagged and _read(text, fields)
    named = call.groupdict()
    for name in ("module", "service", "phase"):
        if value := named.get(name):
            fields[f"system.auth.pam.{name}"] = value
    _read(text[call.end() :].strip(), fields)
    return True


def _read(text: str, fields: Fields) -> bool:
    """Read the text that follows a module's name."""
    match = _TABLE.read(text, fields)
    if match is None:
        return False
    parts = match.groupdict()
    if "subject" in parts:
        _session_users(parts, fields)
    if parts.get("pairs"):
        _pairs(parts["pairs"], fields)
    return True


def _session_users(parts: dict[str, str | None], fields: Fields) -> None:
    """Say whose session it is: `by` is the user who asked for it (su, sudo) where that is another one.

    The uid after `by` is the one that the asking program ran under; it is no id of the session's user.
    """
    subject, by = parts["subject"] or "", parts["by"] or ""
    other = by not in _NO_PERSON and by != subject
    fields["user.name"] = by if other else subject
    if parts["by_id"]:
        fields["user.id" if other else "system.auth.pam.uid"] = parts["by_id"]
    if other:
        fields["user.effective.name"] = subject
    if subject == "root" and not other:
        fields["user.id"] = "0"  # by definition; old Linux-PAM does not write it
    if parts["subject_id"]:
        fields["user.effective.id" if other else "user.id"] = parts["subject_id"]


def _pairs(text: str, fields: Fields) -> None:
    """Read `logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root`; the uids are the asking program's."""
    for name, value in _divided(text):
        if not value:
            continue
        if name in _PAIR_NAMES:
            assign(fields, _PAIR_NAMES[name], value)
        elif name in {"uid", "euid", "logname"}:
            fields[f"system.auth.pam.{name}"] = value
    if (asked := fields.get("system.auth.remote_user")) is not None:  # a file server names an unknown account so
        fields.setdefault("user.name", asked)


def _divided(text: str) -> list[tuple[str, str]]:
    """Divide the pairs, of which names are the client's own words and may hold pairs: `user=x rhost=192.0.2.9`.

    sshd's client names no `ruser`, so its first `rhost` is the program's own; elsewhere (`vsftpd`) `ruser` is what the
    client gave for a name and stands before it, so the last one is.
    """
    own, _, rest = text.partition(" ruser=")
    pairs = _PAIR.findall(own)
    by_ssh = any(name == "tty" and value.endswith("ssh") for name, value in pairs)
    remote, found, rest = rest.partition(" rhost=") if by_ssh else rest.rpartition(" rhost=")
    if not found:
        return _PAIR.findall(text)
    address, _, rest = rest.partition(" ")
    pairs += [("ruser", remote), ("rhost", address)]
    if rest.lstrip().startswith("user="):
        pairs.append(("user", rest.lstrip().removeprefix("user=")))
    return pairs
