"""ATT&CK Navigator layers, format 4.5: coverage as people look at it on the matrix.

Format: https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.sigma.techniques import Strength, TechniqueCoverage

LAYER = "4.5"
NAVIGATOR = "5.1.0"
_SHOWN = 12  # rules named in a comment
_COLOURS = ("#ffffff", "#74c476", "#006d2c")
TITLES: dict[Strength, tuple[str, str]] = {
    "exists": ("rules that exist", "Rules that name the technique, whether or not they can fire here."),
    "can-fire": ("rules that can fire here", "Rules whose log source is collected and has the fields they ask for."),
    "did-fire": ("rules that did fire here", "Rules of which the store holds alerts."),
    "proven": ("rules proven by tests", "Rules that find their positive test events and not the near misses."),
}


def layer(coverage: Iterable[TechniqueCoverage], strength: Strength, version: str) -> dict[str, object]:
    """Return a layer: a technique's score is the number of its rules of this strength. `version` is ATT&CK's (19.1)."""
    covered = [item for item in coverage if item.rules[strength]]
    title, description = TITLES[strength]
    most = max((len(item.rules[strength]) for item in covered), default=1)
    return {
        "name": f"kulla: {title}",
        "versions": {"attack": version.partition(".")[0], "navigator": NAVIGATOR, "layer": LAYER},
        "domain": "enterprise-attack",
        "description": description,
        "sorting": 3,
        "hideDisabled": False,
        "techniques": _techniques(covered, strength),
        "gradient": {"colors": list(_COLOURS), "minValue": 0, "maxValue": max(most, 1)},
        "legendItems": [{"label": description, "color": _COLOURS[-1]}],
        "showTacticRowBackground": False,
        "selectTechniquesAcrossTactics": True,
        "selectSubtechniquesWithParent": False,
        "selectVisibleTechniques": False,
        "metadata": [{"name": "ATT&CK", "value": version}],
    }


def _techniques(covered: Sequence[TechniqueCoverage], strength: Strength) -> list[dict[str, object]]:
    parents = {item.technique.partition(".")[0] for item in covered if "." in item.technique}
    found: list[dict[str, object]] = [
        {
            "techniqueID": item.technique,
            "score": len(item.rules[strength]),
            "comment": _comment([rule.name for rule in item.rules[strength]]),
            "enabled": True,
            "metadata": [],
            "showSubtechniques": item.technique in parents,
        }
        for item in covered
    ]
    own = {item.technique for item in covered}
    found += [
        {"techniqueID": number, "enabled": True, "metadata": [], "showSubtechniques": True}
        for number in sorted(parents - own)
    ]
    return found


def _comment(names: Sequence[str]) -> str:
    more = f"\nand {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return "\n".join(names[:_SHOWN]) + more
