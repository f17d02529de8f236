"""Runs of kulla that are killed at random moments, again and again, until one ends by itself."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.cli.runs import child

_PRELUDE = """
import os, random, signal
import cli.collecting
from engine.store.embedded import EmbeddedStore
chance, sync = random.Random({seed}), os.fsync
def perhaps():
    if chance.random() < 0.12:
        os.kill(os.getpid(), signal.SIGKILL)
def killing_sync(number):
    sync(number)
    perhaps()
def killing(append):
    def killing_append(*args, **kwargs):
        done = append(*args, **kwargs)
        perhaps()
        return done
    return killing_append
os.fsync = killing_sync
EmbeddedStore.append, EmbeddedStore.append_batches = map(killing, (EmbeddedStore.append, EmbeddedStore.append_batches))
cli.collecting.BATCH_EVENTS = {batch}
import cli.pulling, collectors.pulling.topic
cli.pulling._MOST_WIDE, collectors.pulling.topic._MOST = {batch}, 512
"""


def killed_until_done(*words: str, home: Path, batch: int = 3000) -> int:
    """Run `kulla WORDS` until it ends by itself; return how often it was killed before."""
    for seed in range(1, 200):
        process = child(*words, home=home, prelude=_PRELUDE.format(seed=seed, batch=batch))
        _, err = process.communicate(timeout=120)
        if process.returncode == 0:
            return seed - 1
        assert process.returncode == -signal.SIGKILL, err
    raise AssertionError("it never came to its end")
