"""A playbook's YAML document; see `engine.yaml_document`, which user-written log sources are read with too."""

from __future__ import annotations

from engine.yaml_document import LARGEST_DOCUMENT, DocumentError, Value, read_document
from playbooks.texts import Text


def read_text(value: Value, *, is_template: bool = False) -> Text:
    """Return a text; both languages are required, and only a template may hold placeholders."""
    entries = value.mapping(required=("en", "sq"))
    text = Text(en=entries["en"].text(), sq=entries["sq"].text())
    if not is_template and ("{{" in text.en or "{{" in text.sq):
        raise value.error("a placeholder is filled in commands alone", "move it into a `manual` command")
    return text


__all__ = ["LARGEST_DOCUMENT", "DocumentError", "Value", "read_document", "read_text"]
