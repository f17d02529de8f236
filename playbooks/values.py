"""Typed values: what a host, user, address, path, ... may look like before it may enter a command.

`check(type, value)` returns the value as it will be used or raises `ValueRefusedError` with a reason in both languages.
Narrow on purpose: a real name that falls outside is shown as refused and handled by a person. Every pattern is
anchored and made of single character classes, so that it takes linear time on any input.
Sources: RFC 1123 and the NetBIOS rules for host names, [MS-ADTS] for account names, RFC 3986 for URLs, the Win32
naming rules for files.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal
from urllib.parse import urlsplit

from playbooks.quoting import QuotingError, refuse_unprintable
from playbooks.texts import Text

ValueType = Literal[
    "host", "ip", "domain", "user", "account", "mailbox", "url", "windows-path", "unix-path", "hash", "service", "id",
    "instant", "seconds",
]  # fmt: skip
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_HASH = re.compile(r"[0-9A-Fa-f]+")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_URL = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$&'*+/=?^_{|}~.-]{1,64}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_SECONDS = re.compile(r"[0-9]{1,12}")
_SYSTEM_DOMAINS = frozenset(
    ("nt authority", "nt service", "window manager", "font driver host", "builtin", "iis apppool")
)
_HASH_LENGTHS = frozenset((32, 40, 56, 64, 96, 128))
_LONGEST_PATH = 1024
_LONGEST_URL = 2048


class ValueRefusedError(ValueError):
    """A value that does not fit its type; `reason` says why, in both languages."""

    def __init__(self, en: str, sq: str) -> None:
        super().__init__(en)
        self.reason = Text(en=en, sq=sq)


def check(kind: ValueType, value: str) -> str:
    """Return `value` in the form in which commands use it; raise `ValueRefusedError` where it does not fit `kind`."""
    try:
        refuse_unprintable(value)
    except QuotingError as error:
        raise ValueRefusedError(str(error), "përmban një shkronjë që nuk duket ashtu siç vepron") from None
    return _CHECKS[kind](value)


def fits(kind: ValueType, value: str) -> bool:
    """Tell whether `value` fits `kind`."""
    try:
        check(kind, value)
    except ValueRefusedError:
        return False
    return True


def _host(value: str) -> str:
    try:
        return str(_address(value))
    except ValueRefusedError:
        pass
    name = value.removesuffix(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueRefusedError("is not a DNS or NetBIOS name", "nuk është emër DNS ose NetBIOS")
    return name


def _address(value: str) -> Address:
    try:
        address = ip_address(value)
    except ValueError:
        raise ValueRefusedError("is not an IP address", "nuk është adresë IP") from None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueRefusedError("is an address with a zone", "është adresë me zonë")
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _ip(value: str) -> str:
    return str(_address(value))


def _domain(value: str) -> str:
    name = _host(value)
    last = name.rpartition(".")[2]
    if "." not in name or not last.replace("-", "").isalnum() or last.isdigit():
        raise ValueRefusedError("is not a domain name", "nuk është emër domeni")
    return name.lower()


def _name(value: str) -> str:
    """Check one account name: letters, digits and `. _ - ' $` and inner spaces; it never starts like an option."""
    allowed = all(c.isalnum() or c in "._-'$ " for c in value)
    if not value or len(value) > 104 or not allowed or value[0] in "-' " or value[-1] == " ":
        raise ValueRefusedError("is not an account name", "nuk është emër llogarie")
    return value


def _user(value: str) -> str:
    domain, backslash, name = value.rpartition("\\")
    if backslash:
        if domain.lower() in _SYSTEM_DOMAINS:
            raise ValueRefusedError("is an account of the system itself", "është llogari e vetë sistemit")
        return f"{_host(domain) if domain != '.' else domain}\\{_name(name)}"
    name, at, realm = value.rpartition("@")
    return f"{_name(name)}@{_host(realm)}" if at else _name(value)


def _account(value: str) -> str:
    """Return the bare account name (sAMAccountName) of `name`, `DOMAIN\\name` or `name@domain`."""
    user = _user(value)
    name = user.rpartition("\\")[2].partition("@")[0]
    if name.endswith("$"):
        raise ValueRefusedError("is a computer account", "është llogari kompjuteri")
    return name


def _mailbox(value: str) -> str:
    local, at, domain = value.rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or local[0] in "-." or len(value) > 254:
        raise ValueRefusedError("is not a mail address", "nuk është adresë poste")
    return f"{local}@{_domain(domain)}"


def _url(value: str) -> str:
    if len(value) > _LONGEST_URL or not _URL.fullmatch(value):
        raise ValueRefusedError("is not a URL of RFC 3986", "nuk është URL sipas RFC 3986")
    if value.startswith("/") and not value.startswith("//"):
        return value
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        raise ValueRefusedError("is not a URL", "nuk është URL") from None
    if parts.scheme.lower() not in {"http", "https", "ftp"} or parts.username is not None:
        raise ValueRefusedError("is not a web address", "nuk është adresë ueb-i")
    _host(host)
    return value


def _windows_path(value: str) -> str:
    path = value.replace("/", "\\")
    drive = len(path) > 3 and path[0].isascii() and path[0].isalpha() and path[1:3] == ":\\"
    share = path.startswith("\\\\") and path.count("\\") >= 4 and path[2] not in ".?\\"
    if len(path) > _LONGEST_PATH or not (drive or share):
        raise ValueRefusedError("is not a full Windows path", "nuk është shteg i plotë Windows")
    rest = path[2:]
    if any(c in '<>"|?*:' for c in rest) or _has_dots(rest.split("\\")):
        raise ValueRefusedError("is not a plain Windows path", "nuk është shteg i thjeshtë Windows")
    if share:
        _host(path[2:].partition("\\")[0])
    return path


def _unix_path(value: str) -> str:
    if len(value) > _LONGEST_PATH or not value.startswith("/") or len(value) < 2 or _has_dots(value.split("/")):
        raise ValueRefusedError("is not a full path", "nuk është shteg i plotë")
    return value


def _has_dots(segments: list[str]) -> bool:
    return any(segment in {".", ".."} for segment in segments)


def _hash(value: str) -> str:
    if len(value) not in _HASH_LENGTHS or not _HASH.fullmatch(value):
        raise ValueRefusedError("is not a hash", "nuk është hash")
    return value.lower()


def _service(value: str) -> str:
    allowed = all(c.isalnum() or c in "._-$@:() " for c in value)
    if not value or len(value) > 256 or not allowed or value[0] in "- " or value[-1] == " ":
        raise ValueRefusedError("is not a service name", "nuk është emër shërbimi")
    return value


def _matches(pattern: re.Pattern[str], en: str, sq: str) -> Callable[[str], str]:
    def checked(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueRefusedError(en, sq)
        return value

    return checked


_CHECKS: dict[ValueType, Callable[[str], str]] = {
    "host": _host,
    "ip": _ip,
    "domain": _domain,
    "user": _user,
    "account": _account,
    "mailbox": _mailbox,
    "url": _url,
    "windows-path": _windows_path,
    "unix-path": _unix_path,
    "hash": _hash,
    "service": _service,
    "id": _matches(_ID, "is not an identifier", "nuk është identifikues"),
    "instant": _matches(_INSTANT, "is not an instant", "nuk është çast kohe"),
    "seconds": _matches(_SECONDS, "is not a number of seconds", "nuk është numër sekondash"),
}
