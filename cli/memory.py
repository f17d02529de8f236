"""Keeping memory that was freed: where pages of megabytes come and go, giving it back costs more than reading them.

The GNU library gives large pieces back to the system at once, and the end of its heap as soon as that is free. The
next page then takes the same memory anew, with a page fault for every 4 KiB of it: a tenth of what reading costs.
"""

from __future__ import annotations

import ctypes
import sys

_KEPT = 256 * 1024 * 1024  # bytes
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)


def keep_freed_memory() -> None:
    """Let this process keep what it frees, up to a bound, until it ends; other C libraries do as they do."""
    if sys.platform != "linux":
        return
    option = getattr(ctypes.CDLL(None), "mallopt", None)
    if option is not None:
        option(_TRIM_THRESHOLD, _KEPT)
        option(_MMAP_THRESHOLD, _KEPT)
