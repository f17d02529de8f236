"""What the web consoles of hypervisors and firewalls say of log-ins: Proxmox, pfSense, OPNsense, Webmin, MeshCentral.

Sources: Proxmox' PVE/APIServer/AnyEvent.pm and proxmox-rest-server, pfSense's auth.inc, OPNsense's authgui.inc, and
Webmin's miniserv.pl, MeshCentral's webserver.js. Where a name is what was typed, the address is what stands last.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from collectors.auth.messages import Table, assign, meaning, message
from collectors.auth.sshd import read_sshd
from engine.events import Fields

_IN = meaning("logged-on", "authentication session", "start", "success")
_REFUSED = meaning("logged-on", "authentication", "start", "failure")
_OUT = meaning("logged-off", "session", "end", "success")
_CHANGED = meaning("changed-configuration", "configuration", "change", "success")
_TASK = meaning("started-task", "configuration", "info")
_ENDED = meaning("ended-task", "configuration", "info")
_FROM = r"from:? (?P<address>[^\s()]{2,64})(?: \([^()]{1,64}\))?"

_PROXMOX = Table(
    [
        message(
            "authentication",
            r"authentication failure; rhost=(?P<peer>\S{1,128}) user=(?P<user>.{0,256}) msg=(?P<reason>.*)",
            _REFUSED,
        ),
        message("*", r"(?:<[^<>]{1,256}> )?successful auth for user '(?P<user>[^']{1,256})'", _IN),
        message("*", r"<(?P<user>[^<>]{1,256})> starting task (?P<reason>UPID:.*)", _TASK),
        message("*", r"<(?P<user>[^<>]{1,256})> end task (?P<reason>UPID:.*)", _ENDED),
    ]
)
_PEERS = (  # with a port, in brackets or not, and alone
    re.compile(r"\[(?P<address>[0-9A-Fa-f:.]{2,64})\](?::(?P<port>\d{1,5}))?", re.ASCII),
    re.compile(r"(?P<address>\d{1,3}(?:\.\d{1,3}){3}):(?P<port>\d{1,5})", re.ASCII),
    re.compile(r"(?P<address>\S{1,128})(?P<port>)"),
)
_PAGE = re.compile(r"(?:/[\w./-]{1,128}: )?(?P<text>.*)", re.DOTALL | re.ASCII)
_GUI = Table(
    [
        message(
            "webConfigurator|Web",
            rf"(?:webConfigurator|Web GUI) authentication error for (?:user )?'(?P<user>.{{0,256}})' {_FROM}",
            _REFUSED,
        ),
        message("Successful", rf"Successful login for user '(?P<user>.{{0,256}})' {_FROM}", _IN),
        message("User", rf"User logged out for user '(?P<user>.{{0,256}})' {_FROM}", _OUT),
        message("Session", rf"Session timed out for user '(?P<user>.{{0,256}})' {_FROM}", _OUT),
        message(
            "Configuration",
            r"Configuration Change: (?P<user>[^\s@]{1,256})@(?P<address>[^\s()]{2,64})(?: \([^()]{1,64}\))?: "
            r"(?P<reason>.*)",
            _CHANGED,
        ),
        message(
            "user",
            r"user (?P<user>[^\s@]{1,256})@(?P<address>[^\s()]{2,64}) changed configuration to (?P<reason>.*)",
            _CHANGED,
        ),
        message("user", r"user (?P<user>\S{1,256}) authenticated successfully for (?P<reason>.*)", _IN),
        message("user", r"user (?P<user>\S{1,256}) failed authentication for (?P<reason>.*)", _REFUSED),
    ]
)
_WEBMIN = Table(
    [
        message("Successful", r"Successful login as (?P<user>\S{1,256}) from (?P<address>\S{2,64})", _IN),
        message(
            "Invalid|Non-existent|Expired",
            r"(?P<reason>(?:Invalid|Non-existent|Expired) login) as (?P<user>.{0,256}) from (?P<address>\S{2,64})",
            _REFUSED,
        ),
        message("Security", r"(?P<reason>Security alert: .*) from (?P<address>\S{2,64})", _REFUSED),
        message("Logout", r"Logout by (?P<user>\S{1,256}) from (?P<address>\S{2,64})", _OUT),
    ]
)


def read_proxmox(text: str, fields: Fields) -> bool:
    """Read a message of Proxmox VE or Backup Server: `authentication failure; rhost=... user=eva@pam msg=...`."""
    match = _PROXMOX.read(text, fields)
    if match is None:
        return False
    peer = match.groupdict().get("peer") or ""
    if end := next((found for shape in _PEERS if (found := shape.fullmatch(peer))), None):
        assign(fields, "address", end["address"])
        if end["port"]:
            assign(fields, "port", end["port"])
    return True


def read_gui(text: str, fields: Fields) -> bool:
    """Read what pfSense and OPNsense say of their web interface, with the page in front or without."""
    page = _PAGE.match(text)
    return page is not None and _GUI.read(page["text"].strip(), fields) is not None


def read_webmin(text: str, fields: Fields) -> bool:
    """Read what Webmin's and Usermin's server says of log-ins."""
    return _WEBMIN.read(text.strip(), fields) is not None


READERS: Final[dict[str, Callable[[str, Fields], bool]]] = {
    **dict.fromkeys(("pvedaemon", "pveproxy", "pvestatd", "proxmox-backup-proxy", "proxmox-backup-api"), read_proxmox),
    **dict.fromkeys(("php-fpm", "php", "audit", "opnsense"), read_gui),
    **dict.fromkeys(("webmin", "usermin"), read_webmin),
    **dict.fromkeys(("https", "meshcentral"), read_sshd),  # MeshCentral's authlog has sshd's words
}
