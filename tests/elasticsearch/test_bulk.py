"""A bulk that is half applied: what was refused for now is sent again, unchanged and alone, whatever its place."""

from __future__ import annotations

import orjson
import pytest

from engine.errors import StoreError
from engine.store.elastic.address import address
from engine.store.elastic.bulk import MOST_ITEMS, Item, write
from engine.store.elastic.cluster import Answer, Cluster

_REJECTED = {"status": 400, "error": {"type": "document_parsing_exception", "reason": "no"}}
_LATER = {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "full"}}


class _Answering(Cluster):
    """Answers bulks without a node: item N is refused for now as many times as `later` says."""

    def __init__(self, later: dict[str, int]) -> None:
        super().__init__(address("http://127.0.0.1:9", patience=1))
        self.later = later
        self.bodies: list[bytes] = []

    def ask(self, method, path, body=None, **_: object) -> Answer:
        self.bodies.append(bytes(body))
        heads = [orjson.loads(line) for line in self.bodies[-1].splitlines()[::2]]
        items = [{"create": self._answer(head["create"]["_id"])} for head in heads]
        errors = any("error" in item["create"] for item in items)
        return Answer(status=200, body={"errors": errors, "items": items}, unsure=False)

    def _answer(self, number: str) -> dict[str, object]:
        self.later[number] = self.later.get(number, 0) - 1
        if self.later[number] >= 0:
            return _LATER
        return _REJECTED if number == "bad" else {"status": 409 if number == "known" else 201}


def _item(number: str) -> Item:
    return Item(number, orjson.dumps({"is": number, "text": "x" * len(number)}))


def test_a_half_applied_bulk() -> None:
    names = ["a", "slow", "known", "bad", "b", "slower", "c"]
    cluster = _Answering({"slow": 1, "slower": 3})
    waited: list[float] = []
    outcome = write(cluster, "i", map(_item, names), sleep=waited.append)
    found = sorted(outcome.done), outcome.known, [place for place, _ in outcome.rejected]
    assert found == ([0, 1, 4, 5, 6], [2], [3])
    whole = cluster.bodies[0].splitlines()
    assert [line.splitlines() for line in cluster.bodies[1:]] == [[*whole[2:4], *whole[10:12]], *[whole[10:12]] * 2]
    assert waited == sorted(waited)
    assert len(waited) == 3


def test_many_items_in_several_requests() -> None:
    names = [f"n{number}" for number in range(MOST_ITEMS * 2 + 7)]
    cluster = _Answering({"n3": 1, names[-1]: 1})
    outcome = write(cluster, "i", map(_item, names), sleep=lambda _: None)
    assert sorted(outcome.done) == list(range(len(names)))
    assert [body.count(b"\n") // 2 for body in cluster.bodies] == [MOST_ITEMS, 1, MOST_ITEMS, 7, 1]
    sent = [line for body in cluster.bodies for line in body.splitlines()[1::2]]
    assert set(sent) == {_item(name).content for name in names}


def test_what_is_refused_for_ever_ends() -> None:
    with pytest.raises(StoreError):
        write(_Answering({"slow": 99}), "i", [_item("slow")], sleep=lambda _: None)
