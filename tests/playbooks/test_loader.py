"""The loader is strict: each way to get a playbook wrong is an error with file, line and hint."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from engine.errors import KullaError, NotFoundError
from playbooks.check import problems_in
from playbooks.document import LARGEST_DOCUMENT, DocumentError
from playbooks.loader import load_library, read_library, read_playbook
from playbooks.model import Playbook
from playbooks.steps import Shared

SHARED = Shared(steps={}, risks={}, evidence={})
BOTH = {"en": "words", "sq": "fjalë"}


def step(step_id: str, **changes: object) -> dict[str, object]:
    plain = {
        "id": step_id,
        "phase": "triage",
        "title": BOTH,
        "purpose": BOTH,
        "why_now": BOTH,
        "changes": False,
        "commands": [{"bash": "ls -- {{file}}"}],
        "expected": BOTH,
        "risk": {"level": "low", "words": BOTH},
    }
    return {name: value for name, value in {**plain, **changes}.items() if value is not None}


class Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def read(content: bytes) -> Playbook:
    return read_playbook(content, "sample.yaml", SHARED)


def write(*steps: dict[str, object], **changes: object) -> bytes:
    plain = {
        "id": "sample",
        "title": BOTH,
        "summary": BOTH,
        "urgency": 3,
        "fits": {"techniques": ["T1000"]},
        "steps": list(steps) or [step("one"), step("two")],
    }
    kept = {name: value for name, value in {**plain, **changes}.items() if value is not None}
    return yaml.dump(kept, Dumper=Plain, allow_unicode=True, sort_keys=False).encode()


def test_the_smallest_playbook_loads() -> None:
    loaded = read(write())
    assert [s.id for s in loaded.steps] == ["one", "two"]
    assert loaded.steps[0].branches.done == "two"
    assert loaded.steps[1].branches.failed == "end"
    assert loaded.steps[0].undo.reason is not None


CHANGES = {"changes": True, "verify": {"expected": BOTH}, "undo": {"reason": BOTH}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (write(extra=1), "unknown key `extra`"),
        (write(step("one", extra=1)), "unknown key `extra`"),
        (write(summary=None), "lacks `summary`"),
        (write(step("one", purpose=None)), "lacks `purpose`"),
        (write(title={"en": "x"}), "lacks `sq`"),
        (write(step("one", expected={"sq": "x"})), "lacks `en`"),
        (write(step("one", expected={"en": "x", "sq": " "})), "is empty"),
        (write(step("one", title={"en": "x {{host}}", "sq": "y"})), "filled in commands alone"),
        (write(step("one", next={"done": "three"})), "names the step `three`"),
        (write(step("one"), step("two", next={"failed": "one"})), "leads back"),
        (write(step("one", next={"done": "one"})), "leads back"),
        (
            write(
                step("one", next=dict.fromkeys(("done", "failed", "not-applicable", "rejected"), "three")),
                step("two"),
                step("three"),
            ),
            "step `two` cannot be reached",
        ),
        (write(step("one", next={"maybe": "end"})), "unknown key `maybe`"),
        (write(step("one"), step("one")), "stands twice"),
        (write(steps=[]), "without steps"),
        (write(step("one", **{**CHANGES, "verify": None})), "lacks `verify`"),
        (write(step("one", **{**CHANGES, "undo": None})), "lacks `undo`"),
        (write(step("one", **{**CHANGES, "undo": {}})), "neither how nor why not"),
        (write(step("one", **CHANGES, automation=4)), "never runs without a person"),
        (write(step("one", **CHANGES, automation=2)), "only read"),
        (write(step("one", **CHANGES, risk={"level": "high", "words": BOTH})), "needs an `approval`"),
        (write(step("one", commands=[{"powershell": "Stop-Service -Name {{service}}"}])), "changes something"),
        (write(step("one", commands=[{"bash": "systemctl stop {{service}}"}])), "changes something"),
        (write(step("one", commands=[{"bash": "ls {{nothing}}"}])), "unknown placeholder {{nothing}}"),
        (write(step("one", commands=[{"bash": "ls {{Host}}"}])), "unknown placeholder"),
        (write(step("one", commands=[{"bash": 'ls "{{file}}"'}])), "inside quotes"),
        (write(step("one", commands=[{"powershell": "Get-Item '{{file}}'"}])), "inside quotes"),
        (write(step("one", commands=[{"powershell": 'Get-Item "x{{file}}"'}])), "inside quotes"),
        (write(step("one", commands=[{"bash": "ls # {{file}}"}])), "comment"),
        (write(step("one", commands=[{"bash": "ls x{{file}}"}])), "word of its own"),
        (write(step("one", commands=[{"powershell": "Get-Item -Path \\\\{{host}}\\c$"}])), "word of its own"),
        (write(step("one", commands=[{"bash": "bash -c {{file}}"}])), "second interpreter"),
        (write(step("one", commands=[{"bash": "ssh {{host}} id"}])), "second interpreter"),
        (write(step("one", commands=[{"powershell": "Invoke-Expression {{file}}"}])), "second interpreter"),
        (write(step("one", commands=[{"zsh": "ls"}])), "unknown key `zsh`"),
        (write(step("one", commands=[{"bash": "ls", "cmd": "dir"}])), "one platform"),
        (write(step("one", commands=[])), "no command"),
        (write(step("one", commands=[{"manual": "call"}])), "must be a mapping"),
        (write(step("one", phase="later")), "not allowed here"),
        (write(step("one", automation=5)), "not allowed here"),
        (write(step("one", approval="three")), "not allowed here"),
        (write(step("one", clock="tomorrow")), "not allowed here"),
        (write(step("one", needs=["moon"])), "not allowed here"),
        (write(step("One")), "not an id"),
        (write(urgency=9), "not allowed here"),
        (write(id="other"), "not the file's name"),
        (write({"use": "open-case"}), "no shared step"),
        (b"id: [", "expected"),
        (b"", "is empty"),
        (b"- 1", "must be a mapping"),
        (b"\xff", "is not UTF-8"),
        (b"id: a\nid: b", "stands twice"),
        (b"a: &x 1\nb: *x", "anchors"),
        (b"a: " + b"[" * 50 + b"]" * 50, "nested too deeply"),
        (b"#" * (LARGEST_DOCUMENT + 1), "larger than"),
        (b"!!python/object/apply:os.system ['id']", "must be a mapping"),
    ],
)
def test_what_is_wrong_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(content)
    assert message in caught.value.message
    assert caught.value.where is not None
    assert caught.value.where.startswith("sample.yaml")


def test_an_error_names_line_path_and_hint() -> None:
    content = write(step("one"), step("two", phase="later"))
    line = content.decode().splitlines().index("  phase: later") + 1
    with pytest.raises(DocumentError) as caught:
        read(content)
    assert caught.value.where == f"sample.yaml:{line} (steps[2]/phase)"
    assert caught.value.hint == "one of: triage, contain, eradicate, recover, learn"


def test_one_bad_playbook_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "sample.yaml").write_bytes(write())
    (tmp_path / "broken.yaml").write_bytes(b"id: ]")
    (tmp_path / "other.yaml").write_bytes(write(id="third"))
    playbooks, problems = read_library(tmp_path)
    assert [p.id for p in playbooks] == ["sample"]
    assert [problem.where for problem in problems if problem.where] == ["broken.yaml:1", "other.yaml:1 (id)"]
    with pytest.raises(KullaError):
        load_library(tmp_path)
    assert len(problems_in(tmp_path)) > 2


def test_an_empty_or_absent_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="holds no playbook"):
        load_library(tmp_path)
    with pytest.raises(DocumentError, match="cannot be read"):
        load_library(tmp_path / "nothing")


def test_the_version_changes_with_the_content() -> None:
    one = read(write())
    assert one.version == read(write()).version
    assert one.version != read(write(step("one"), step("two", title={"en": "other", "sq": "tjetër"}))).version


def test_an_unknown_playbook_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        load_library().get("nothing")
