"""A plant that exists on paper: what a playbook's commands change, and whether their undo takes it all back."""

from playbooks.simulator.rehearsing import Rehearsal, rehearse
from playbooks.simulator.world import World

__all__ = ["Rehearsal", "World", "rehearse"]
