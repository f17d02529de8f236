"""Which incidents are one campaign, and why."""

from __future__ import annotations

from dataclasses import replace

from engine.incidents.building import build, update
from engine.incidents.model import Incident
from tests.engine.incidents.alerts import alert

MONTH = 40 * 86_400


def far_apart(**shared: str) -> list[Incident]:
    """Return the incidents of two machines, a month apart."""
    return build([
        alert(0, {"host.name": "a", **shared}, level="critical"),
        alert(MONTH, {"host.name": "b", **shared}, rule="s", level="critical"),
    ])  # fmt: skip


def test_a_rare_thing_links_whenever_it_was() -> None:
    hash_of = "ab" * 32
    first, second = sorted(far_apart(**{"file.hash.sha256": hash_of}), key=lambda item: item.first_seen)
    (link,) = first.links
    assert (link.incident, link.reason) == (second.id, f"both have hash {hash_of}")
    assert link.confidence == 0.9
    assert second.links[0].incident == first.id
    assert first.campaign == second.campaign == first.id.replace("INC-", "CAM-")


def test_several_lesser_things_link_and_one_does_not() -> None:
    both = far_apart(**{"source.ip": "203.0.113.5", "user.name": "ann"})
    assert both[0].links[0].reason == "both have ip 203.0.113.5, user ann"
    assert [item.campaign for item in far_apart(**{"user.name": "ann"})] == ["", ""]


def test_what_is_in_many_incidents_links_none_of_them() -> None:
    found = build(
        [alert(n * MONTH, {"host.name": f"h{n}", "source.ip": "203.0.113.5", "user.name": "svc"}, level="critical")
         for n in range(8)]
    )  # fmt: skip
    assert len(found) == 8
    assert [item.links for item in found] == [()] * 8


def test_a_closed_incident_is_linked_to_and_stays_as_it_is() -> None:
    hash_of = {"file.hash.sha256": "ab" * 32}
    before = alert(0, {"host.name": "a", **hash_of}, level="critical")
    after = alert(MONTH, {"host.name": "b", **hash_of}, rule="s", level="critical")
    (old,) = build([before])
    closed = replace(old, status="closed", closed_why="done")
    (new,) = update([closed], [before, after]).saved
    assert new.links[0].incident == closed.id
