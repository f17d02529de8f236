"""A fitted model as bytes: canonical JSON and arrays without objects, named by their hash. Nothing is unpickled.

Three parts: `content.json` (the model's document), `arrays.npz` (numpy's zip of plain arrays, `allow_pickle=False`)
and `manifest.json`, which says what it is, what it was trained on, how good it was found, and the SHA-256 of the other
two. The manifest is what is signed (`engine.anomaly.signing`).
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256

import numpy as np

from engine.anomaly.frame import Content
from engine.errors import InputError

FORMAT = 1
LARGEST = 256 * 1024 * 1024  # bytes of one part
CONTENT, ARRAYS, MANIFEST = "content.json", "arrays.npz", "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is told of a fitted model. Instants are ISO 8601 in UTC.

    `since` and `until` bound the training window; `trained_on` counts its observations after everything left out
    (`left_out`, by reason). `thresholds` and `figures` are what calibration and evaluation found.
    """

    model: str
    version: str
    created: str
    seed: int
    since: str = ""
    until: str = ""
    trained_on: int = 0
    data_hash: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT


def canonical(value: object) -> bytes:
    """Return JSON with sorted keys and no spaces; raise `ValueError` for what JSON does not know (NaN)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def pack(content: Content) -> dict[str, bytes]:
    """Return the content's parts as bytes; equal contents give equal bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:  # not np.savez: it stamps the present
        for name in sorted(content.arrays):
            part = io.BytesIO()
            np.lib.format.write_array(
                part, np.ascontiguousarray(content.arrays[name]), version=(1, 0), allow_pickle=False
            )
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), part.getvalue(), zipfile.ZIP_DEFLATED)
    return {CONTENT: canonical(content.document), ARRAYS: stream.getvalue()}


def unpack(parts: Mapping[str, bytes]) -> Content:
    """Return the content of such parts; raise `InputError` where they are not what they should be."""
    if any(len(part) > LARGEST for part in parts.values()):
        raise InputError(f"a part is larger than {LARGEST} bytes", hint="kulla models train")
    try:
        document = json.loads(parts[CONTENT])
        with np.load(io.BytesIO(parts[ARRAYS]), allow_pickle=False) as archive:
            _check_sizes(archive)
            arrays = {name: archive[name] for name in archive.files}
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile, RecursionError) as error:
        raise InputError(f"this is no content of a model ({error})", hint="kulla models train") from error
    if not isinstance(document, dict):
        raise InputError("a model's document has to be a mapping", hint="kulla models train")
    return Content(document=document, arrays=arrays)


def _check_sizes(archive: np.lib.npyio.NpzFile) -> None:
    opened = archive.zip
    if opened is None or sum(item.file_size for item in opened.infolist()) > LARGEST:
        raise InputError(f"the arrays unpack to more than {LARGEST} bytes", hint="kulla models train")


def hashes(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each part, in hex."""
    return {name: sha256(part).hexdigest() for name, part in sorted(parts.items())}


def version_of(parts: Mapping[str, bytes]) -> str:
    """Return the version of a content: 16 hex digits that follow from its bytes, so that equal models are the same."""
    return sha256(canonical(hashes(parts))).hexdigest()[:16]


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the manifest as canonical JSON."""
    return canonical(asdict(manifest))


def read_manifest(content: bytes) -> Manifest:
    """Return the manifest that `manifest_bytes` wrote; raise `InputError` where it is none, or of a later format."""
    try:
        values = json.loads(content)
        manifest = Manifest(**values)
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"this is no manifest of a model ({error})", hint="kulla models train") from error
    if manifest.format != FORMAT:
        raise InputError(f"the model has format {manifest.format}, this kulla reads {FORMAT}", hint="kulla version")
    return manifest
