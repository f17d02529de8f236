"""Real object storage on this machine: moto's S3 server, as a process that can be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import pytest

from tests.collectors.pulling.broker import free_port

_PATIENCE = 60.0  # seconds until the server must answer
KEYS = {"AWS_ACCESS_KEY_ID": "kulla", "AWS_SECRET_ACCESS_KEY": "kulla-secret", "AWS_EC2_METADATA_DISABLED": "true"}


def need(*packages: str) -> None:
    """Skip where packages are not installed; fail where they are required."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        unavailable(f"not installed: {', '.join(missing)}")


def unavailable(why: str) -> None:
    """Skip a test of pulling, or fail where they are required."""
    if os.environ.get("KULLA_REQUIRE_PULLING") == "1":
        pytest.fail(why)
    pytest.skip(why)


@dataclass(kw_only=True)
class Storage:
    """A server of object storage, whose buckets are lost when it is killed."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        code = "from moto.server import main; import sys; main(sys.argv[1:])"
        words = [sys.executable, "-c", code, "-H", "127.0.0.1", "-p", str(self.port)]
        env = {**os.environ, **KEYS}
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/moto-api/").close()  # noqa: S310 - of this machine
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return
        raise RuntimeError("moto's server does not answer")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def client(self) -> Any:
        """Return a client of its own that writes into the storage."""
        from botocore.session import get_session

        return get_session().create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        )
