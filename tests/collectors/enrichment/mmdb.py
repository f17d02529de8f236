"""Writes a small MaxMind database (format 2.0), so that tests need none of anybody's."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any


class Short(int):
    """A uint16; other integers are written as uint32."""


class Long(int):
    """A uint64."""


def write(path: Path, records: Mapping[str, Any]) -> Path:
    """Write networks and their records: an IPv6 tree of 24-bit records in which IPv4 stands under ::/96."""
    nodes: list[list[Any]] = [[None, None]]
    data = b""
    for network, record in records.items():
        offset, data = len(data), data + _value(record)
        node = nodes[0]
        bits = _bits(network)
        for bit in bits[:-1]:
            if not isinstance(node[bit], list):
                node[bit] = [None, None]
                nodes.append(node[bit])
            node = node[bit]
        node[bits[-1]] = offset
    place = {id(node): number for number, node in enumerate(nodes)}

    def pointer(side: Any) -> bytes:
        if side is None:
            return len(nodes).to_bytes(3, "big")
        return (place[id(side)] if isinstance(side, list) else len(nodes) + 16 + side).to_bytes(3, "big")

    tree = b"".join(pointer(left) + pointer(right) for left, right in nodes)
    about = {
        "binary_format_major_version": Short(2),
        "binary_format_minor_version": Short(0),
        "build_epoch": Long(1),
        "database_type": "test",
        "description": {"en": "test"},
        "ip_version": Short(6),
        "languages": ["en"],
        "node_count": len(nodes),
        "record_size": Short(24),
    }
    path.write_bytes(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + _value(about))
    return path


def _bits(network: str) -> list[int]:
    net = ip_network(network)
    width, length = (128, net.prefixlen) if net.version == 6 else (128, 96 + net.prefixlen)
    return [int(net.network_address) >> (width - 1 - place) & 1 for place in range(length)]


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        return _head(2, len(value.encode())) + value.encode()
    if isinstance(value, float):
        return _head(3, 8) + struct.pack(">d", value)
    if isinstance(value, int):
        raw = value.to_bytes(8, "big").lstrip(b"\0")
        return _head(5 if isinstance(value, Short) else 9 if isinstance(value, Long) else 6, len(raw)) + raw
    if isinstance(value, dict):
        return _head(7, len(value)) + b"".join(_value(key) + _value(item) for key, item in value.items())
    return _head(11, len(value)) + b"".join(map(_value, value))


def _head(kind: int, size: int) -> bytes:
    length, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return bytes([kind << 5 | length]) + more if kind < 8 else bytes([length, kind - 7]) + more
