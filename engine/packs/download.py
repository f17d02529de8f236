"""Fetching a pack from an address that a person gave; kulla asks no address by itself."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from engine.errors import ConfigurationError

MAX_BYTES = 64 * 1024 * 1024
_SECONDS = 60.0
_PIECE = 1 << 20


class _OnlyHttps(urllib.request.HTTPRedirectHandler):
    """Follows a redirect to https alone."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def] # noqa: PLR0917 - as urllib calls it
        """Refuse another scheme."""
        if urlsplit(newurl).scheme != "https":
            raise urllib.error.URLError("it leads away from https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str, into: Path) -> Path:
    """Write what an https address gives to `into` (at most 64 MiB, certificates verified), and return it.

    Raise `ConfigurationError` where that fails.
    """
    if urlsplit(url).scheme != "https":
        raise ConfigurationError(
            "only https addresses are fetched", where=url, hint="or fetch it yourself: --from FILE"
        )
    opener = urllib.request.build_opener(_OnlyHttps)
    try:
        with opener.open(url, timeout=_SECONDS) as answer, into.open("wb") as out:
            left = MAX_BYTES
            while piece := answer.read(min(_PIECE, left + 1)):
                left -= len(piece)
                if left < 0:
                    raise ConfigurationError(f"larger than {MAX_BYTES // 2**20} MiB", where=url)
                out.write(piece)
    except OSError as error:  # URLError is one, too
        raise ConfigurationError(
            f"cannot fetch it ({error})", where=url, hint="or fetch it yourself: --from FILE"
        ) from error
    return into
