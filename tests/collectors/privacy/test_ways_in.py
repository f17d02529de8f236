"""Every way into the store passes privacy: logs that are followed, and what comes from the network."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from collectors.privacy.filtering import Privacy
from collectors.privacy.pseudonyms import Key, Pseudonyms
from collectors.privacy.rules import Policy, default_rules
from engine.errors import StoreError
from tests.collectors.transports.following import World
from tests.collectors.transports.network import listening, stored

NAMES = Pseudonyms([Key(secret=bytes(32), since="")], "AL")
CODE = "EE47101010033"


def record(number: int) -> bytes:
    code = f'"messageUserId":"{CODE}","messageId":"m{number}"'
    return b'{"requestInTs":%d,"securityServerType":"Client",%s}\n' % (1772443200000 + number, code.encode())


def privacy(failures: int = 0) -> Privacy:
    left = [None] * failures

    def remember(found: Mapping[str, str]) -> None:
        if left:
            left.pop()
            raise StoreError("the vault's disk is full")

    return Privacy(Policy(default_rules({})), lambda: NAMES, remember)


def test_logs_that_are_followed(tmp_path: Path) -> None:
    world = World(root=tmp_path)
    world.start()
    assert world.running is not None
    world.running.how = replace(world.running.how, source="xroad_opmon", kept=privacy(failures=2).events)
    world.log.write_bytes(record(1) + record(2))
    world.settle()
    assert [text.count(NAMES.of("person", CODE)) for text in world.originals()] == [1, 1]  # once, whatever failed
    assert CODE not in "".join(world.originals())
    assert world.running.accounts[str(world.log)].balanced
    world.stop()


def test_what_comes_from_the_network(tmp_path: Path) -> None:
    with listening(tmp_path, "syslog+tcp://127.0.0.1:0", source="xroad_opmon") as run:
        run.listening.how = replace(run.listening.how, kept=privacy(failures=1).events)
        with socket.create_connection(("127.0.0.1", run.ports[0])) as client:
            client.sendall(record(1) + record(2))
        run.wait(2)
    assert set(stored(tmp_path, "user.id")) == {NAMES.of("person", CODE)}
    assert CODE not in "".join(stored(tmp_path))
