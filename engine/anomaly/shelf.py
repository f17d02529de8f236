"""Where fitted models are kept: one folder for each version, checked by signature and hashes whenever it is read.

FOLDER/NAME/VERSION/{manifest.json, manifest.sig, content.json, arrays.npz}
FOLDER/NAME/promoted        the version that `kulla detect` runs
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.anomaly.artefacts import (
    ARRAYS,
    CONTENT,
    LARGEST,
    MANIFEST,
    Manifest,
    hashes,
    manifest_bytes,
    pack,
    read_manifest,
    unpack,
    version_of,
)
from engine.anomaly.frame import Content
from engine.anomaly.signing import sign, verify
from engine.errors import InputError, NotFoundError

_SIGNATURE, _PROMOTED, _BUDGET = "manifest.sig", "promoted", "budget"
DEFAULT_BUDGET = 10.0  # alerts a day
_VERSION = re.compile(r"[0-9a-f]{16}")


class Shelf:
    """The models under one folder; `keys` is the folder of the keys they are signed with."""

    def __init__(self, folder: Path, keys: Path) -> None:
        self._folder = folder
        self._keys = keys

    def save(self, manifest: Manifest, content: Content) -> Manifest:
        """Keep a fitted model; return its manifest with version and hashes. An equal one that is there is replaced."""
        parts = pack(content)
        whole = replace(manifest, version=version_of(parts), hashes=hashes(parts))
        described = manifest_bytes(whole)
        folder = self._folder / whole.model / whole.version
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, part in {**parts, MANIFEST: described, _SIGNATURE: sign(described, self._keys)}.items():
            _write(folder / name, part)
        return whole

    def versions(self, name: str) -> Sequence[Manifest]:
        """Return the manifests of a model's versions, the newest first; those that do not hold are left out."""
        found = []
        for folder in sorted((self._folder / name).glob("*")):
            if _VERSION.fullmatch(folder.name):
                try:
                    found.append(self._manifest(name, folder.name))
                except InputError:
                    continue
        return sorted(found, key=lambda manifest: (manifest.created, manifest.version), reverse=True)

    def promoted(self, name: str) -> str | None:
        """Return the version that is run, None where none is."""
        try:
            found = (self._folder / name / _PROMOTED).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return found if _VERSION.fullmatch(found) else None

    def promote(self, name: str, version: str) -> None:
        """Let this version be run from now on."""
        _write(self._folder / name / _PROMOTED, self.load(name, version)[0].version.encode("ascii"))

    @property
    def budget(self) -> float:
        """Return how many alerts a day all models together may give."""
        try:
            return float((self._folder / _BUDGET).read_text("ascii"))
        except (OSError, ValueError):
            return DEFAULT_BUDGET

    def set_budget(self, alerts_a_day: float) -> None:
        """Set how many alerts a day all models together may give."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(self._folder / _BUDGET, repr(float(alerts_a_day)).encode("ascii"))

    def load(self, name: str, version: str | None = None) -> tuple[Manifest, Content]:
        """Return a version (by its beginning), else the promoted one, else the newest; raise where it does not hold."""
        manifest = self._manifest(name, self._chosen(name, version))
        folder = self._folder / name / manifest.version
        parts = {part: _read(folder / part) for part in (CONTENT, ARRAYS)}
        if hashes(parts) != dict(manifest.hashes):
            raise InputError(
                "the hashes do not hold: the model was changed", where=str(folder), hint="kulla models train"
            )
        return manifest, unpack(parts)

    def _chosen(self, name: str, version: str | None) -> str:
        versions = self.versions(name)
        wanted = version or self.promoted(name)
        if wanted is None and versions:
            return versions[0].version
        found = [manifest.version for manifest in versions if wanted and manifest.version.startswith(wanted)]
        if len(found) != 1:
            what = f"`{name}` has no version {version}" if version else f"`{name}` is not trained"
            raise NotFoundError(what, hint=f"kulla models train {name}")
        return found[0]

    def _manifest(self, name: str, version: str) -> Manifest:
        folder = self._folder / name / version
        content = _read(folder / MANIFEST)
        verify(content, _read(folder / _SIGNATURE), self._keys)
        manifest = read_manifest(content)
        if (manifest.model, manifest.version) != (name, version):
            raise InputError("the manifest is of another model", where=str(folder), hint="kulla models list")
        return manifest


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"larger than {LARGEST} bytes", where=str(path), hint="kulla models train")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", where=str(path), hint="kulla models train") from error


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
