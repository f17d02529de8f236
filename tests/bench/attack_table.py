"""Make kulla's table of ATT&CK out of the reference material.

    python tests/bench/attack_table.py --bundle enterprise-attack-18.1.json [--write]

The bundle gives ids that were given up, mitigations, and the UUIDs by which D3FEND's links name techniques; without it
those parts are kept as they stand in the table. Without --write it only says what the table would be.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from engine.attack.building import add, as_text, empty, with_countermeasures
from engine.attack.reading import read_facts
from engine.attack.table import PACKAGED, read_table

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("KULLA_SHARED", ROOT.parent / "shared" / "data"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, help="ATT&CK's STIX bundle, v18.1 or newer")
    parser.add_argument("--write", action="store_true", help="replace the table in the package")
    options = parser.parse_args()
    folder = SHARED / "attack"
    made = empty()
    uuids = {}
    if options.bundle:
        facts = read_facts(options.bundle)
        uuids = dict(facts.uuids)
        made = add(made, facts)
    else:
        before = json.loads(PACKAGED.read_text(encoding="utf-8"))
        made |= {key: before[key] for key in ("moved", "mitigations", "countermeasures")}
    for name in ("attack_v18.1_usage.json", "tie_app.enrichment_v19.1.json", "attack_v18_to_v19.json"):
        made = add(made, read_facts(folder / name))
    if uuids:
        galaxy = json.loads((folder / "misp_mitre-d3fend.json").read_text(encoding="utf-8"))
        made = with_countermeasures(made, galaxy, uuids)
    text = as_text(made)
    if options.write:
        PACKAGED.write_text(text, encoding="utf-8")
        read_table(PACKAGED)
    print(f"{len(text):,} characters: versions {', '.join(made['versions'])}, {len(made['techniques'])} techniques,")
    print(f"{len(made['moved'])} ids given up, {len(made['mitigations'])} mitigations,")
    print(f"{len(made['countermeasures'])} countermeasures")


if __name__ == "__main__":
    main()
