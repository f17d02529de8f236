"""What a host's guards and its package tools say: ClamAV, fail2ban, Rootkit Hunter; yum, dnf and dpkg.

Sources: ClamAV's clamd/scanner.c and freshclam's libfreshclam.c, fail2ban's server/actions.py and filter.py, rkhunter's
script, yum's output, dpkg's log.c. A file's name is whatever its owner chose: the signature behind it is the last word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final

from collectors.auth.messages import assign, meaning
from engine.events import Fields

_FOUND = re.compile(
    r"(?P<file>.{1,4096}): (?P<threat>[^\s:()]{1,256})"
    r"(?:\((?P<hash>[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}):(?P<size>\d{1,15})\))? FOUND",
    re.DOTALL,
)
_HASHES: Final = {32: "file.hash.md5", 40: "file.hash.sha1", 64: "file.hash.sha256"}  # by their hex digits
_STREAM = re.compile(r"(?:in)?stream(?:\((?P<address>[^\s@()]{2,45})@\d{1,5}\)|\(local\)|:.{0,64})?", re.ASCII)
_BAN = re.compile(
    r"(?:(?P<level>[A-Z]{4,8}) +)?\[(?P<jail>[\w.\-]{1,64})\] (?P<what>Restore Ban|Increase Ban|Ban|Unban|Found|Ignore)"
    r" (?P<address>[0-9A-Fa-f.:]{2,45})(?: .*)?",
    re.DOTALL | re.ASCII,
)
_BANS: Final = {
    "Ban": meaning("banned", "intrusion_detection network", "denied", "success"),
    "Restore Ban": meaning("banned", "intrusion_detection network", "denied", "success"),
    "Increase Ban": meaning("banned", "intrusion_detection network", "denied", "success"),
    "Unban": meaning("unbanned", "intrusion_detection network", "allowed", "success"),
    "Found": meaning("matched", "intrusion_detection network", "info"),
    "Ignore": meaning("ignored", "intrusion_detection network", "allowed"),
}
_NEVRA = re.compile(
    r"(?:\d{1,9}:)?(?P<name>[\w.+\-]{1,200}?)-(?:\d{1,9}:)?(?P<version>[\w.+~^]{1,100}-[\w.+~^]{1,100})\.(?P<arch>\w{2,12})",
    re.ASCII,
)
_PACKAGE = re.compile(
    r"(?P<what>Installed|Updated|Upgraded|Upgrade|Erased|Removed|Downgraded|Reinstalled): (?P<rest>.*)"
)
_PACKAGES: Final = {
    "installed": meaning("installed-package", "package", "installation", "success"),
    "reinstalled": meaning("installed-package", "package", "installation", "success"),
    "updated": meaning("updated-package", "package", "change", "success"),
    "upgraded": meaning("updated-package", "package", "change", "success"),
    "upgrade": meaning("updated-package", "package", "change", "success"),
    "downgraded": meaning("updated-package", "package", "change", "success"),
    "erased": meaning("removed-package", "package", "deletion", "success"),
    "removed": meaning("removed-package", "package", "deletion", "success"),
}
_ROOTKIT = re.compile(r"may be infected|possible rootkit|rootkit.{0,80}\bfound\b|suspicious", re.IGNORECASE)


def read_clamav(text: str, fields: Fields) -> bool:
    """Read what ClamAV found, or that its signatures could not be renewed."""
    found = _FOUND.fullmatch(text.strip())
    if found is not None:
        _begin(meaning("found-malware", "malware", "info"), fields)
        fields["event.dataset"], fields["event.module"] = "clamav.log", "clamav"
        fields["event.kind"] = "alert"
        fields["rule.name"] = fields["threat.software.name"] = found["threat"]
        fields["observer.vendor"], fields["observer.product"] = "Cisco", "ClamAV"
        if found["hash"]:
            fields[_HASHES[len(found["hash"])]], fields["file.size"] = found["hash"], int(found["size"])
        stream = _STREAM.fullmatch(found["file"])
        if stream is None:
            fields["file.path"], fields["file.name"] = found["file"], found["file"].rpartition("/")[2]
        elif stream["address"]:
            assign(fields, "address", stream["address"])
        return True
    if text.startswith(("ERROR: ", "^ERROR", "WARNING: ")):
        _begin({"event.category": ("host",), "event.type": ("error",)}, fields)
        fields["event.reason"] = text.partition(": ")[2]
        return True
    return False


def read_fail2ban(text: str, fields: Fields) -> bool:
    """Read whom fail2ban shut out, let in again, or saw; the jail is the rule."""
    found = _BAN.fullmatch(text.strip())
    if found is None:
        return False
    _begin(_BANS[found["what"]], fields)
    fields["rule.name"] = found["jail"]
    assign(fields, "address", found["address"])
    if found["level"]:
        fields["log.level"] = found["level"].lower()
    return True


def read_rkhunter(text: str, fields: Fields) -> bool:
    """Read a warning of Rootkit Hunter."""
    if text.startswith("Warning: ") or _ROOTKIT.search(text, 0, 512):
        _begin(meaning("found-suspicion", "intrusion_detection host", "info"), fields)
        fields["event.kind"], fields["event.reason"] = "alert", text.removeprefix("Warning: ")
        return True
    return False


def read_packages(text: str, fields: Fields) -> bool:
    """Read a line of yum or dnf: `Installed: nginx-1.20.1-2.el9.x86_64`."""
    found = _PACKAGE.fullmatch(text.strip())
    return found is not None and read_package(found["what"].lower(), found["rest"], fields)


def read_package(what: str, text: str, fields: Fields) -> bool:
    """Read which package was installed, updated or removed (`what`, in small letters)."""
    _begin(_PACKAGES[what], fields)
    found = _NEVRA.fullmatch(text.strip())
    fields["package.name"] = found["name"] if found else text.strip()[:256]
    if found is not None:
        fields["package.version"], fields["package.architecture"] = found["version"], found["arch"]
    return True


def _begin(means: Fields, fields: Fields) -> None:
    fields.update(means)
    fields["event.dataset"] = "system.syslog"  # none of the auth log's programs


READERS: Final[dict[str, Callable[[str, Fields], bool]]] = {
    **dict.fromkeys(("clamd", "clamav", "clamscan", "freshclam", "clamonacc"), read_clamav),
    **dict.fromkeys(("fail2ban", "fail2ban-server", "fail2ban.actions", "fail2ban.filter"), read_fail2ban),
    **dict.fromkeys(("rkhunter", "chkrootkit"), read_rkhunter),
    **dict.fromkeys(("yum", "dnf", "yumd"), read_packages),
    **{word: partial(read_package, word) for word in _PACKAGES},  # yum.log has no program; the word looks like one
}
