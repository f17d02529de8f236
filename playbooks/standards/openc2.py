"""The blocks and isolations of an incident's guide as OpenC2 commands, each with the command that takes it back.

Source: OASIS, OpenC2 Language Specification 1.0 and its profile for stateless packet filtering. Nothing is sent: the
approval that the step needs stands in `args`, and it is for whoever sends the command to have it.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from engine.indicators.model import Tlp
from playbooks.compiler import Guide, GuideStep
from playbooks.model import APPROVERS_NEEDED
from playbooks.placeholders import PLACEHOLDERS
from playbooks.standards.documents import Document, identifier
from playbooks.standards.marking import label

_NAMESPACE: Final = "x-kulla"
# Which steps of the library block or isolate, with the action, its inverse, and what they act on.
_ACTS: Final[dict[str, tuple[str, str, str]]] = {
    "block-address": ("deny", "allow", "external_ip"),
    "isolate-host": ("contain", "allow", "host"),
}


def guide_to_openc2(guide: Guide, tlp: Tlp) -> Document:
    """Return the commands, in the order of the steps; a guide without block or isolation has none."""
    commands = [
        command
        for item in guide.steps
        if item.step.id in _ACTS
        for value in guide.facts.values(PLACEHOLDERS[_ACTS[item.step.id][2]], "manual").usable
        for command in (_pair(guide, item, value, tlp),)
    ]
    return {
        "incident": guide.incident.id,
        "playbook": guide.playbook.id,
        "version": guide.playbook.version,
        "tlp": label(tlp),
        "commands": commands,
    }


def _pair(guide: Guide, item: GuideStep, value: str, tlp: Tlp) -> Document:
    action, inverse, placeholder = _ACTS[item.step.id]
    target = {"device": {"hostname": value}} if placeholder == "host" else _net(value)
    return {
        "step": item.step.id,
        "command": _command(guide, item, action, target, tlp),
        "undo": _command(guide, item, inverse, target, tlp),
    }


def _net(value: str) -> Document:
    address = ip_address(value)
    return {f"ipv{address.version}_net": f"{address}/{address.max_prefixlen}"}


def _command(guide: Guide, item: GuideStep, action: str, target: Document, tlp: Tlp) -> Document:
    said = {
        "incident": guide.incident.id,
        "playbook": guide.playbook.id,
        "step": item.step.id,
        "approvals_needed": APPROVERS_NEEDED[item.step.approval],
        "marking": label(tlp),
    }
    number = identifier("command", guide.incident.id, guide.playbook.id, item.step.id, action, str(target))
    return {
        "action": action,
        "target": target,
        "args": {"response_requested": "complete", _NAMESPACE: said},
        "command_id": number.partition("--")[2],
    }
