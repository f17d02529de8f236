"""What the kernel and xinetd say of the machine: packets, sniffing, USB devices, modules, crashes, services asked for.

Sources: the kernel's net/core/dev.c, drivers/usb/core/hub.c, kernel/module, mm/oom_kill.c, arch/x86/mm/fault.c;
xinetd's log.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.auth.messages import Message, Table, meaning, message
from collectors.auth.services import read_apparmor
from collectors.network.netfilter import read_packet
from engine.events import Fields

_UPTIME = re.compile(r"\[ {0,8}\d{1,10}\.\d{1,9}\] ", re.ASCII)
_DEVICE = r"(?P<interface>[\w.\-@]{1,32})"


def _promiscuous(verb: str) -> Iterator[Message]:
    """Yield both forms of one change: since 6.6 the device stands in front, "eth0: entered promiscuous mode"."""
    means = meaning(f"{verb}-promiscuous-mode", "network host", "change", "success")
    yield message("device", rf"device {_DEVICE} {verb} promiscuous mode", means)
    yield message("*", rf"(?:[\w.\-]{{1,32}} [\w.:\-]{{1,32}} )?{_DEVICE}: {verb} promiscuous mode", means)


_KERNEL = Table(
    [
        *_promiscuous("entered"),
        *_promiscuous("left"),
        message(
            "usb",
            r"usb [\d.\-]{1,16}: New USB device found, idVendor=(?P<vendor>[0-9a-f]{4}), "
            r"idProduct=(?P<product>[0-9a-f]{4})(?:, .*)?",
            meaning("connected-usb-device", "host", "info", "success"),
        ),
        message(
            "Out|Memory",
            r"(?:Out|Memory cgroup out) of memory: Kill(?:ed)? process (?P<child>\d{1,10}) "
            r"\((?P<program>[^)]{1,64})\).*",
            meaning("out-of-memory", "process", "end", "success"),
        ),
        message(
            "*",
            r"(?:traps: )?(?P<program>[^\[]{1,64})\[(?P<child>\d{1,10})\]:? "
            r"(?P<reason>segfault at .*|trap [a-z ]{1,64} ip:.*|general protection (?:fault )?ip:.*)",
            meaning("crashed", "process", "end error", "failure"),
        ),
        message(
            "*",
            r"(?P<module>[\w\-]{1,64}): (?P<reason>(?:module verification failed|loading out-of-tree module).*)",
            meaning("loaded-unsigned-module", "driver", "start", "success"),
        ),
    ]
)
_XINETD = Table(
    [
        message(
            "START:",
            r"START: (?P<service>\S{1,64}) (?:pid=(?P<child>\d{1,10}) )?from=(?P<address>\S{1,255})",
            meaning("connection", "network", "connection start", "success"),
        ),
        message(
            "FAIL:",
            r"FAIL: (?P<service>\S{1,64}) (?P<reason>\S{1,64}) from=(?P<address>\S{1,255})",
            meaning("connection", "network", "connection denied", "failure"),
        ),
        message(
            "EXIT:",
            r"EXIT: (?P<service>\S{1,64}) (?:\S{1,32} )?pid=(?P<child>\d{1,10}).*",
            meaning("connection", "network", "connection end", "success"),
        ),
    ]
)
_NAMES = {
    "interface": "system.syslog.interface",
    "program": "process.name",
    "module": "file.name",
    "service": "network.application",
}


def read_kernel(text: str, fields: Fields) -> bool:
    """Read a message of the kernel: a packet that its filter logged, of AppArmor, or of what befell the machine."""
    if "SRC=" in text and read_packet(text, fields):
        fields["event.dataset"], fields["event.category"] = "system.syslog", ("network",)
        return True
    uptime = _UPTIME.match(text)
    return read_apparmor(text, fields) or _read(_KERNEL, text[uptime.end() :] if uptime else text, fields)


def read_xinetd(text: str, fields: Fields) -> bool:
    """Read which service xinetd started for whom, or did not."""
    return _read(_XINETD, text, fields)


def _read(table: Table, text: str, fields: Fields) -> bool:
    found = table.read(text, fields)
    if found is None:
        return False
    parts = found.groupdict()
    for group, name in _NAMES.items():
        if value := parts.get(group):
            fields[name] = value
    if parts.get("vendor"):
        fields["device.model.identifier"] = f"{parts['vendor']}:{parts['product']}"
    return True
