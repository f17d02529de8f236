"""Where the secret of pseudonyms is kept: a file of its own, outside the store, readable by its owner alone.

    {"kulla privacy keys": 1, "keys": [{"secret": "<base64>", "since": "2026-03-01T12:00:00.000Z"}]}

The newest key is the last. Old ones are kept: without them, pseudonyms of old events are of nobody.
"""

from __future__ import annotations

import fcntl
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from collectors.privacy.pseudonyms import SECRET_BYTES, Key
from engine.durable import open_private, write_private
from engine.errors import ConfigurationError

_MARK: Final = "kulla privacy keys"
_OTHERS: Final = 0o077  # rights of others than the owner


def read_keys(path: Path) -> tuple[Key, ...]:
    """Return the keys of a file, oldest first, none where there is no file; raise `ConfigurationError`."""
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unusable(path, f"cannot read it ({error.strerror})") from error
    if mode & _OTHERS:
        raise ConfigurationError(
            "the key of pseudonyms is open to others than its owner", where=str(path), hint=f"chmod 600 {path}"
        )
    try:
        document = marked(content, _MARK)
        keys = [Key(secret=b64decode(each["secret"], validate=True), since=each["since"]) for each in document["keys"]]
    except (ValueError, KeyError, TypeError) as error:
        raise _unusable(path, "it is no file of keys") from error
    if not keys or any(len(key.secret) != SECRET_BYTES for key in keys):
        raise _unusable(path, "a key in it is missing or has the wrong length")
    return tuple(keys)


def marked(content: bytes, mark: str) -> Any:
    """Return the JSON document of a file whose first version says so under `mark`; raise `ValueError` or `KeyError`."""
    document = json.loads(content)
    if document[mark] != 1:
        raise ValueError
    return document


def _unusable(path: Path, what: str) -> ConfigurationError:
    hint = "restore it from a backup: with a new one, persons get new pseudonyms"
    return ConfigurationError(what, where=str(path), hint=hint)


def ready_keys(path: Path, random: Callable[[int], bytes], now: str) -> tuple[Key, ...]:
    """Return the keys; make the first one where there is none. Of processes that do so at once, one makes it."""
    return read_keys(path) or _changed(path, lambda keys: keys or (Key(secret=random(SECRET_BYTES), since=now),))


def added_key(path: Path, random: Callable[[int], bytes], now: str) -> tuple[Key, ...]:
    """Add a key, which is used from now on; return all of them."""
    return _changed(path, lambda keys: (*keys, Key(secret=random(SECRET_BYTES), since=now)))


def _changed(path: Path, change: Callable[[tuple[Key, ...]], Sequence[Key]]) -> tuple[Key, ...]:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open_private(path.with_suffix(".lock")) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = tuple(change(read_keys(path)))
            listed = [{"secret": b64encode(key.secret).decode("ascii"), "since": key.since} for key in keys]
            write_private(path, json.dumps({_MARK: 1, "keys": listed}, indent=1).encode())
    except OSError as error:
        raise ConfigurationError(
            f"cannot write the key of pseudonyms ({error.strerror})",
            where=str(path),
            hint="name another file: key_file in [privacy] of kulla.toml",
        ) from error
    return keys
