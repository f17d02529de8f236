"""A YAML document whose every value remembers its line, so that an error can say where.

Read with PyYAML's safe loader down to its node tree (no object is ever constructed from a tag). Anchors and aliases are
refused (a small file could otherwise grow without bound), and so are repeated keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from engine.errors import ConfigurationError

LARGEST_DOCUMENT = 512 * 1024
_DEEPEST = 24
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DocumentError(ConfigurationError):
    """A document that does not say what it must: `where` is `file:line (path/inside/it)`."""


@dataclass(frozen=True, slots=True)
class Value:
    """One node: a mapping, a list or a scalar, with the file, its line (from 1) and its path in the document."""

    node: yaml.Node
    file: str
    path: str = ""

    @property
    def where(self) -> str:
        """Return `file:line (path)`."""
        mark = self.node.start_mark
        place = f"{self.file}:{mark.line + 1}" if mark else self.file
        return f"{place} ({self.path})" if self.path else place

    def error(self, message: str, hint: str | None = None) -> DocumentError:
        """Return an error about this value."""
        return DocumentError(message, where=self.where, hint=hint)

    @property
    def is_scalar(self) -> bool:
        """Tell whether this is a single value."""
        return isinstance(self.node, yaml.ScalarNode)

    def mapping(self, *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> dict[str, Value]:
        """Return the entries; raise `DocumentError` for an unknown, repeated or missing key."""
        entries: dict[str, Value] = {}
        for name, item in self.entries():
            if name not in required and name not in optional:
                raise item.error(f"unknown key `{name}`", f"known here: {', '.join((*required, *optional))}")
            entries[name] = item
        missing = [name for name in required if name not in entries]
        if missing:
            raise self.error(f"lacks `{missing[0]}`", f"add `{missing[0]}:`")
        return entries

    def entries(self) -> Iterator[tuple[str, Value]]:
        """Yield the entries of a mapping, whatever its keys; raise `DocumentError` where it is none."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error("must be a mapping")
        seen: set[str] = set()
        for key, value in self.node.value:
            name = Value(key, self.file, self.path).text()
            item = Value(value, self.file, f"{self.path}/{name}" if self.path else name)
            if name in seen:
                raise item.error(f"key `{name}` stands twice")
            seen.add(name)
            yield name, item

    def items(self) -> tuple[Value, ...]:
        """Return the elements of a list; raise `DocumentError` where it is none."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error("must be a list")
        return tuple(Value(n, self.file, f"{self.path}[{i}]") for i, n in enumerate(self.node.value, start=1))

    def text(self) -> str:
        """Return a scalar's text, without outer white space; raise `DocumentError` where it is empty or no scalar."""
        return self.verbatim().strip()

    def verbatim(self) -> str:
        """Return a scalar's text with its outer blanks, as patterns need them; raise as `text` does."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.error("must be text")
        words = str(self.node.value).strip("\r\n")
        if not words.strip():
            raise self.error("is empty")
        return words

    def choice(self, options: tuple[str, ...]) -> str:
        """Return a scalar that is one of `options`."""
        word = self.text()
        if word not in options:
            raise self.error(f"`{word}` is not allowed here", f"one of: {', '.join(options)}")
        return word

    def boolean(self) -> bool:
        """Return `true` or `false`."""
        return self.choice(("true", "false")) == "true"

    def number(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        return int(self.choice(tuple(str(n) for n in range(low, high + 1))))


def read_document(content: bytes, file: str, *, largest: int = LARGEST_DOCUMENT) -> Value:
    """Return the root of the one YAML document in `content`, of at most `largest` bytes; raise `DocumentError`."""
    if len(content) > largest:
        raise DocumentError(f"larger than {largest} bytes", where=file, hint="split it")
    try:
        text = content.decode("utf-8")
        _refuse_aliases(text, file)
        node = yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError as error:
        raise DocumentError("is not UTF-8", where=file, hint=f"look at byte {error.start}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"{file}:{mark.line + 1}" if mark else file
        problem = getattr(error, "problem", None) or "cannot be read as YAML"
        raise DocumentError(str(problem), where=line, hint="check indentation and quotes around `: `") from None
    if node is None:
        raise DocumentError("is empty", where=file)
    return Value(node, file)


def _refuse_aliases(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        mark = event.start_mark
        line = mark.line + 1 if mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise DocumentError("anchors and aliases are not used here", where=f"{file}:{line}", hint="write it out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise DocumentError("is nested too deeply", where=f"{file}:{line}")
