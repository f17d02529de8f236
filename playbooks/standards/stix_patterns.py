"""STIX 2.1 patterns (section 9) from values of logs, quoted so that no value can end its own text."""

from __future__ import annotations

from ipaddress import ip_address

from engine.entities import Entity
from playbooks.standards.documents import clean
from playbooks.suspects import HASHES


def quoted(value: str) -> str:
    r"""Return a string literal: within quotes, `\` and `'` stand behind a `\`, and nothing else is special."""
    return "'" + clean(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def pattern(entity: Entity) -> str:
    """Return the pattern that finds one of `Case.suspects`."""
    value = entity.value
    match entity.kind:
        case "ip":
            return f"[ipv{ip_address(value).version}-addr:value = {quoted(value)}]"
        case "domain":
            return f"[domain-name:value = {quoted(value)}]"
        case "url":
            return f"[url:value = {quoted(value)}]"
        case "hash":
            return f"[file:hashes.'{HASHES[len(value)]}' = {quoted(value.lower())}]"
        case "file":
            folder, name = split_path(value)
            inside = f" AND file:parent_directory_ref.path = {quoted(folder)}" if folder else ""
            return f"[file:name = {quoted(name)}{inside}]"
        case _:
            raise ValueError(f"no pattern finds a {entity.kind}")


def split_path(path: str) -> tuple[str, str]:
    """Return the folder (empty where there is none) and the name of a path of either family."""
    cut = "\\" if "\\" in path and not path.startswith("/") else "/"
    folder, _, name = path.rpartition(cut)
    if folder.endswith(":") or (not folder and path.startswith("/")):
        folder += cut
    return (folder, name) if name else ("", path)
