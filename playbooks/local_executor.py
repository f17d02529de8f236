"""Running one argument list on this machine: no shell, no input, a bare environment, a bounded time and output."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from engine.errors import ConfigurationError
from playbooks.execution import Ran

LARGEST_OUTPUT = 1024 * 1024
TIMED_OUT = 124
_BLOCK = 64 * 1024
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


class LocalExecutor:
    """Runs commands as the user of this process. `seconds` is how long one may take; then its group is killed."""

    def __init__(self, seconds: int = 60) -> None:
        self._seconds = seconds

    def run(self, arguments: Sequence[str]) -> Ran:
        """Run a command and return how it ended; raise `ConfigurationError` where it cannot be started safely."""
        _check_program(Path(arguments[0]))
        try:
            process = subprocess.Popen(
                list(arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=_ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            hint = "check [respond.commands] in kulla.toml"
            raise ConfigurationError(f"cannot be started: {error}", where=arguments[0], hint=hint) from error
        with process:
            return self._wait(process)

    def _wait(self, process: subprocess.Popen[bytes]) -> Ran:
        """Read until the end of the output or of the time; keep the first part and let the rest pass."""
        kept = bytearray()
        total = 0
        stream = cast("IO[bytes]", process.stdout)
        deadline = time.monotonic() + self._seconds
        os.set_blocking(stream.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                if not selector.select(left):
                    continue
                block = stream.read(_BLOCK)
                if not block:
                    break
                total += len(block)
                kept += block[: max(0, LARGEST_OUTPUT - len(kept))]
        return Ran(exit_code=self._end(process, deadline), output=bytes(kept), cut_off=total > len(kept))

    def _end(self, process: subprocess.Popen[bytes], deadline: float) -> int:
        try:
            return process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return TIMED_OUT


def _check_program(path: Path) -> None:
    """Refuse a program that others could have put there."""
    try:
        found = path.stat()
    except OSError as error:
        raise ConfigurationError(f"cannot be run: {error.strerror}", where=str(path), hint="check its path") from error
    if not path.is_file() or not os.access(path, os.X_OK):
        raise ConfigurationError("is no program", where=str(path), hint="name a program in [respond.commands]")
    if found.st_mode & 0o022 or found.st_uid not in {0, os.getuid()}:
        raise ConfigurationError("others may change it", where=str(path), hint=f"chmod go-w {path}")
