"""A playbook's YAML document; see `engine.yaml_document`, which user-written log sources are read with too."""

from __future__ import annotations

from engine.yaml_document import LARGEST_DOCUMENT, DocumentError, Value, read_document

__all__ = ["LARGEST_DOCUMENT", "DocumentError", "Value", "read_document"]
