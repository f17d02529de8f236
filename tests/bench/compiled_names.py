"""100,000 hostile names compiled into commands: `python -m tests.bench.compiled_names [COUNT]`.

Each name is the host, the user and the file of an incident of its own, for which a playbook is compiled. What its type
refuses never reaches a command; what is filled is run by a real bash, which counts and gives back its arguments, and is
read as PowerShell by the tests' model of its tokenizer and, where it is installed, by a grammar of the whole language
(`tree_sitter_pwsh`): the command must be the same tree as with a harmless name. Printed are the counts and the escapes.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

from engine.entities import Entity, Kind
from playbooks.compiler import compile_guide
from playbooks.loader import read_playbook
from playbooks.steps import Shared
from tests.playbooks.samples import incident
from tests.playbooks.test_quoting import BASH, hostile_names, read_powershell

_CHUNK = 400
_WORDS = "{en: a, sq: b}"
_KINDS: tuple[Kind, ...] = ("host", "user", "file")
_SHELL = 'look() { printf \'%s\\0\' "$#" "$@"; }\n'


def _step(name: str) -> str:
    value = f"{{{{{name}}}}}"
    texts = ", ".join(f"{key}: {_WORDS}" for key in ("title", "purpose", "why_now", "expected"))
    return (
        f"  - {{id: look-{name}, phase: triage, {texts}, changes: false, risk: {{level: low, words: {_WORDS}}},\n"
        f"     commands: [{{bash: 'look at {value} now'}}, {{powershell: 'Get-Look -Name {value} -Now'}}]}}\n"
    )


_HEAD = f"id: look\ntitle: {_WORDS}\nsummary: {_WORDS}\nurgency: 1\nfits: {{tactics: [impact]}}\nsteps:\n"
PLAYBOOK = read_playbook(
    (_HEAD + "".join(map(_step, _KINDS))).encode(), "look.yaml", Shared(steps={}, risks={}, evidence={})
)


def filled(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, platform and text of each command that is filled for an incident with this name."""
    guide = compile_guide(incident(*(Entity(kind, name) for kind in _KINDS)), PLAYBOOK)
    for item in guide.steps:
        for command in item.commands:
            if command.text is not None:
                yield item.step.id.removeprefix("look-"), command.platform, command.text


def escaped_in_bash(texts: list[str]) -> int:
    """Return how many commands do not give bash exactly three arguments, or print anything beside."""
    done = subprocess.run([BASH, "-c", _SHELL + "\n".join(texts)], capture_output=True, check=True, timeout=120)
    back = done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    wrong = abs(len(back) - 4 * len(texts)) + bool(done.stderr)
    return wrong + sum(
        (back[at], back[at + 1], back[at + 3]) != ("3", "at", "now") for at in range(0, len(back) - 3, 4)
    )


def escapes_powershell(text: str, shape: Callable[[str], str] | None, expected: str) -> bool:
    """Tell whether a command is anything but one call with one string in it."""
    head = "Get-Look -Name "
    if not text.startswith(head):
        return True
    _, behind = read_powershell(text.removeprefix(head))
    return behind != " -Now" or (shape is not None and shape(text) != expected)


def grammar() -> Callable[[str], str] | None:
    """Return what gives the tree of a command, without the words in it; None where no grammar is installed."""
    try:
        import tree_sitter
        import tree_sitter_pwsh
    except ImportError:
        return None
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_pwsh.language()))

    def shape(text: str) -> str:
        root = parser.parse(text.encode()).root_node
        return "error" if root.has_error else str(root)

    return shape


def main(count: int) -> None:
    """Compile all, print the lines."""
    begun, shape = time.process_time(), grammar()
    expected = shape("Get-Look -Name 'x' -Now") if shape else ""
    counts: Counter[str] = Counter()
    bash: list[str] = []
    escaped = 0
    for name in hostile_names(count):
        for kind, platform, text in filled(name):
            counts[f"{kind} ({platform})"] += 1
            if platform == "powershell":
                escaped += escapes_powershell(text, shape, expected)
            else:
                bash.append(text)
    escaped += sum(escaped_in_bash(bash[at : at + _CHUNK]) for at in range(0, len(bash), _CHUNK))
    told = ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items()))
    read = "bash, PowerShell's tokenizer as modelled" + (" and a grammar of PowerShell" if shape else "")
    print(f"{count:,} names compiled: filled {told}; {escaped:,} escapes, by {read}")
    print(f"{time.process_time() - begun:.0f} CPU s of this process")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
