"""What vCenter and ESXi say of log-ins, in events and in the logs of their services: who, from where, how it ended.

Texts: the message catalogue of vSphere's events (`UserLoginSessionEvent`, `BadUsernameSessionEvent`, the extended
events `esx.audit.*`, `com.vmware.sso.*`) and hostd's own words. The name of who is refused is the peer's: it is read up
to the last address that stands where the product writes it.
"""

from __future__ import annotations

import re

from collectors.network.values import put
from collectors.source import Options
from collectors.web.address import is_ip
from engine.events import Fields

_IP = r"(?P<ip>[0-9A-Fa-f:.]{1,44}[0-9A-Fa-f:])"
_WHO = rf"User (?P<user>\S{{1,256}})@{_IP}"
_LASTED = (
    r"\(login time: (?P<login>[^()]{1,64}), number of API invocations: (?P<calls>[\d,.]{1,12}), "
    r"user agent: (?P<agent>.{0,1024})\)"
)
_LOCKED = r"has been locked for \d{1,9} seconds after \d{1,9} failed login attempts"
_SUCCESS, _FAILURE = "success", "failure"
_ONE, _BOTH = "authentication", "authentication session"
_FORMS = (  # pattern, type, outcome, category; the first that is the whole text
    (rf"{_WHO} logged in(?: as (?P<agent>.{{1,1024}}))?", "start", _SUCCESS, _BOTH),
    (
        rf"{_WHO} logged out(?: {_LASTED})?",
        "end",
        _SUCCESS,
        _BOTH,
    ),
    (rf"Cannot login (?:user )?(?P<user>.{{1,512}})@{_IP}(?:: [^@]{{1,256}})?", "end", _FAILURE, _ONE),
    (rf"Failed login (?P<user>.{{1,512}}) from {_IP}(?: at .{{1,64}}? in SSO)?", "start", _FAILURE, _ONE),
    (rf"Successful login (?P<user>.{{1,512}}) from {_IP}(?: at .{{1,64}}? in SSO)?", "start", _SUCCESS, _ONE),
    (rf"Accepted password for user (?P<user>\S{{1,256}}) from {_IP}.{{0,256}}", "start", _SUCCESS, _BOTH),
    (rf"Rejected password for user (?P<user>.{{1,512}}) from {_IP}", "start", _FAILURE, _ONE),
    (rf"SSH login has failed for '?(?P<user>.{{1,512}})@{_IP}'?", "start", _FAILURE, _BOTH),
    (rf"SSH session was opened for '?(?P<user>\S{{1,256}})@{_IP}'?", "start", _SUCCESS, _BOTH),
    (rf"SSH session was closed for '?(?P<user>\S{{1,256}})@{_IP}'?", "end", _SUCCESS, _BOTH),
    (r"Authentication of user (?P<user>.{1,512}) has failed\b.{0,512}", "start", _FAILURE, _ONE),
    (
        rf"Remote access for ESXi local user account '(?P<user>[^']{{1,256}})' {_LOCKED}",
        "info",
        _FAILURE,
        _ONE,
    ),
    (r"User cannot log ?on since the user is (?P<reason>already logged on)", "end", _FAILURE, _ONE),
)  # fmt: skip
_READ = tuple(
    (re.compile(form + r"\.?", re.DOTALL), kind, outcome, category) for form, kind, outcome, category in _FORMS
)
_WORDS = re.compile(r"log(?:ged|in)|password|SSH|Authentication of|Remote access|logon|log on")


def read_login(text: str, fields: Fields, options: Options) -> bool:
    """Set user, address, outcome and category where a text tells of a log-in or of its end."""
    text = text[:4096].strip()
    if not _WORDS.search(text[:1024]):
        return False
    for form, kind, outcome, category in _READ:
        found = form.fullmatch(text)
        if found is None:
            continue
        parts = found.groupdict()
        if (address := parts.get("ip")) and not is_ip(address):
            continue
        fields["event.category"], fields["event.type"] = category.split(" "), [kind]
        fields["event.outcome"] = outcome
        if user := parts.get("user"):
            fields.pop("user.domain", None)
            fields.pop("user.name", None)
            put(fields, "user.name", user, options.zone)
        for name, part in (("source.ip", "ip"), ("user_agent.original", "agent"), ("event.reason", "reason")):
            if value := parts.get(part):
                fields.pop(name, None)
                put(fields, name, value, options.zone)
        for name, part in (("login_time", "login"), ("api_invocations", "calls")):
            if value := parts.get(part):
                fields[f"vmware.session.{name}"] = value
        return True
    return False
