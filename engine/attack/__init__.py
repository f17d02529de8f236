"""ATT&CK: what rules carry of it, and kulla's own table of what there is, over its versions."""

from engine.attack.comparing import Fit, canonical, fit, technique_fault
from engine.attack.tags import TACTICS, in_order, same_tactic, tactics, techniques

__all__ = [
    "TACTICS",
    "Fit",
    "canonical",
    "fit",
    "in_order",
    "same_tactic",
    "tactics",
    "technique_fault",
    "techniques",
]
