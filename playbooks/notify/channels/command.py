"""A program on this machine, without a shell: the message is JSON on its input, its words never hold log content."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from engine.tables import Table
from playbooks.notify.channel import Channel, DeliveryError, House
from playbooks.notify.channels.webhook import document
from playbooks.notify.message import Message

KIND = "command"
_MOST_ERROR = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program with its fixed words. Exit code 0 says that it has the message, any other to try again."""

    words: tuple[str, ...]
    seconds: float

    def send(self, message: Message) -> None:
        """Run the program."""
        try:
            done = subprocess.run(
                self.words,
                input=json.dumps(document(message), sort_keys=True).encode(),
                capture_output=True,
                timeout=self.seconds,
                check=False,
                shell=False,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "KULLA_KEY": message.key},
            )
        except subprocess.TimeoutExpired as error:
            raise DeliveryError(f"not done within {self.seconds:g} seconds", where=self.words[0]) from error
        except OSError as error:
            raise DeliveryError(f"cannot run it ({error.strerror})", again=False, where=self.words[0]) from error
        if done.returncode:
            said = done.stderr[-_MOST_ERROR:].decode("utf-8", "replace").strip()
            raise DeliveryError(f"exit code {done.returncode}: {said}", where=self.words[0])


def open_channel(table: Table, house: House) -> Channel:
    """Return the channel: `command` (a list, its first the program's full path), `timeout`."""
    words = table.texts("command")
    if not words or not Path(words[0]).is_absolute():
        raise table.error("command", "a list is wanted that begins with the full path of a program")
    seconds = table.number("timeout", int(house.timeout), least=1, most=600)
    return Command(words=words, seconds=seconds)
