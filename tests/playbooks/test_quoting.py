"""Hostile names stay one argument: quoting for every shell, and the types before it."""

from __future__ import annotations

import random
import shlex
import shutil
import subprocess
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.entities import Entity
from playbooks.compiler import compile_guide
from playbooks.loader import load_library
from playbooks.quoting import QuotingError, quote_bash, quote_cmd, quote_powershell
from playbooks.values import ValueRefusedError, ValueType, check
from tests.playbooks.samples import incident

BASH = shutil.which("bash") or "/bin/bash"
POISON = [
    "'", '"', "`", "$(id)", "${HOME}", ";", "&&", "||", "|", "\n", "\r\n", "%VAR%", "!x!", "^", "<", ">", "\\", " ",
    "\u202e", "\u2066", "\0", "\u2018", "\u2019", "\u201a", "\u201b", "-rf", "--", "{{host}}", "\x1b[2J", "*", "?", "~",
    "#", "ë", "ç", "\ud800", "\u200b", "\u2028", "＂", "＇",
    "$'\\n'", "$IFS", "(", ")", "{", "}", "[", "]", "=", "@", "/",
]  # fmt: skip


def hostile_names(count: int) -> list[str]:
    dice = random.Random(20220715)
    plain = ["srv01", "a.hoxha", "C:\\x\\", "/tmp/", "GOV\\", "www.gov.example", ""]
    return [dice.choice(plain) + "".join(dice.choices([*POISON, *plain], k=dice.randint(1, 6))) for _ in range(count)]


def quotable(values: list[str]) -> list[str]:
    kept = []
    for value in values:
        try:
            quote_bash(value)
        except QuotingError:
            assert "\0" in value or "\ud800" in value
        else:
            kept.append(value)
    return kept


def test_bash_gives_back_2500_hostile_names_unchanged() -> None:
    names = quotable(hostile_names(3200))
    assert len(names) >= 2500
    for name in names:
        assert shlex.split("cmd " + quote_bash(name)) == ["cmd", name]
    for begin in range(0, len(names), 400):
        chunk = names[begin : begin + 400]
        script = "printf '%s\\0' " + " ".join(map(quote_bash, chunk))
        done = subprocess.run([BASH, "-c", script], capture_output=True, check=True, timeout=30)
        assert done.stdout.decode().split("\0")[:-1] == chunk
        assert done.stderr == b""


def read_powershell(text: str) -> tuple[str, str]:
    """Read one verbatim string as PowerShell's tokenizer does: the value and what follows it."""
    quotes = "'‘’‚‛"
    assert text[0] in quotes
    value, place = "", 1
    while place < len(text):
        if text[place] in quotes:
            if text[place + 1 : place + 2] and text[place + 1] in quotes:
                place += 1
            else:
                return value, text[place + 1 :]
        value += text[place]
        place += 1
    raise AssertionError("the string never ends")


@given(st.text(alphabet=st.one_of(st.sampled_from("'‘’‚‛\"`$();\\ë{}"), st.characters()), max_size=30))
def test_powershell_reads_back_one_string(value: str) -> None:
    try:
        quoted = quote_powershell(value)
    except QuotingError:
        assert any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for c in value)
        return
    assert read_powershell(quoted + "; next") == (value, "; next")


@given(st.text(alphabet=st.one_of(st.sampled_from('%!^&|<>"\n\\ a'), st.characters()), max_size=20))
def test_cmd_holds_nothing_that_cmd_acts_on(value: str) -> None:
    try:
        quoted = quote_cmd(value)
    except QuotingError:
        return
    assert quoted == f'"{value}"'
    assert not set(value) & set('%!^&|<>"\n\r\0')
    assert not value.endswith("\\")


@pytest.mark.parametrize("word", ["%PATH%", "a!b", "a^b", "a&b", "a|b", "a<b", "a>b", 'a"b', "a\nb", "a＂b", "C:\\x\\"])
def test_cmd_refuses(word: str) -> None:
    with pytest.raises(QuotingError):
        quote_cmd(word)


@pytest.mark.parametrize(
    ("kind", "value", "used"),
    [
        ("host", "prt01.gov.example", "prt01.gov.example"),
        ("host", "SP_WEB-02", "SP_WEB-02"),
        ("ip", "::ffff:192.0.2.1", "192.0.2.1"),
        ("ip", "2001:DB8::1", "2001:db8::1"),
        ("user", "GOV\\a.hoxha", "GOV\\a.hoxha"),
        ("user", "çlirim.o'brien@gov.example", "çlirim.o'brien@gov.example"),
        ("account", "GOV\\a.hoxha", "a.hoxha"),
        ("account", "a.hoxha@gov.example", "a.hoxha"),
        ("mailbox", "ministri@Gov.example", "ministri@gov.example"),
        ("url", "https://gov.example/a?b=%27", "https://gov.example/a?b=%27"),
        ("windows-path", "C:/inetpub/të reja/x.aspx", "C:\\inetpub\\të reja\\x.aspx"),
        ("windows-path", "\\\\fs01\\share\\x.exe", "\\\\fs01\\share\\x.exe"),
        ("unix-path", "/tmp/a b", "/tmp/a b"),
        ("hash", "AB" * 32, "ab" * 32),
        ("service", "MSSQL$PROD", "MSSQL$PROD"),
    ],
)
def test_real_names_fit_their_type(kind: ValueType, value: str, used: str) -> None:
    assert check(kind, value) == used


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("host", "-oProxyCommand=id"),
        ("host", "a;id"),
        ("host", "a..b"),
        ("host", ""),
        ("host", "x" * 64),
        ("ip", "192.0.2.1; id"),
        ("ip", "fe80::1%eth0"),
        ("ip", "192.0.2.256"),
        ("user", "-rf"),
        ("user", "a\u202eb"),
        ("user", "a’b"),
        ("user", "NT AUTHORITY\\SYSTEM"),
        ("user", "$(id)"),
        ("account", "PRT01$"),
        ("mailbox", "--help@gov.example"),
        ("mailbox", "ministri"),
        ("url", "javascript:alert(1)"),
        ("url", "https://user:pw@gov.example/"),
        ("url", "http://gov.example/<script>"),
        ("windows-path", "C:\\a\\..\\..\\Windows\\System32\\x"),
        ("windows-path", "C:\\a.txt:stream"),
        ("windows-path", "\\Device\\HarddiskVolume3\\x"),
        ("windows-path", "\\\\?\\C:\\x"),
        ("windows-path", "x.exe"),
        ("unix-path", "tmp/x"),
        ("unix-path", "/tmp/../etc/passwd"),
        ("unix-path", "/tmp/a\nb"),
        ("unix-path", "/"),
        ("hash", "xyz"),
        ("hash", "ab"),
        ("service", "--now x"),
        ("service", "x*"),
        ("id", "a/b"),
        ("instant", "２０２２-07-15T08:30:00Z"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(kind: ValueType, value: str) -> None:
    with pytest.raises(ValueRefusedError) as caught:
        check(kind, value)
    assert caught.value.reason.en
    assert caught.value.reason.sq


BASH_PLAYBOOKS = ("linux-intrusion", "data-exfiltration", "web-attack", "web-shell", "logs-cleared", "brute-force")


def test_every_filled_bash_command_is_accepted_by_bash() -> None:
    """All playbooks over names that are as hostile as their types let through."""
    hosts = [Entity("host", name) for name in ("srv01", "a_b", "$(id)", "x;reboot", "10.0.0.1")]
    files = [
        Entity("file", path) for path in ("/tmp/$(id)'\"`;&.php", "/tmp/*?[a] {x}", "/tmp/-rf %s \\", "C:\\x\\y.aspx")
    ]
    others = [
        Entity("process", "/tmp/it's;kill -9 1"),
        Entity("user", "o'brien"),
        Entity("user", "x`id`"),
        Entity("service", "a@b.service"),
        Entity("ip", "203.0.113.1"),
    ]
    case = incident(*hosts, *files, *others)
    scripts = [
        command.text
        for playbook in load_library()
        for step in compile_guide(case, playbook).steps
        for command in (*step.commands, *step.verify, *step.undo)
        if command.platform == "bash" and command.text is not None
    ]
    assert len(scripts) > 60
    for script in scripts:
        done = subprocess.run([BASH, "-n"], input=script.encode(), capture_output=True, check=False, timeout=10)
        assert (done.returncode, done.stderr) == (0, b""), script
        assert "$(id)'" not in script.replace(shlex.quote("/tmp/$(id)'\"`;&.php"), "")
        assert "x;reboot" not in script


@settings(max_examples=60)
@given(st.lists(st.sampled_from([*POISON, "srv", "a", "/tmp/", "C:\\a"]), min_size=1, max_size=5).map("".join))
def test_a_hostile_value_is_one_argument_or_not_filled(value: str) -> None:
    kinds = ("host", "user", "ip", "file", "process", "service", "mailbox", "url", "hash", "domain")
    case = incident(*(Entity(kind, value) for kind in kinds))  # type: ignore[arg-type]
    guide = compile_guide(case, LIBRARY.get("linux-intrusion"))
    for step in guide.steps:
        for command in step.commands:
            if command.platform == "bash" and command.text is not None and "sha256sum -- " in command.text:
                words = shlex.split(command.text.splitlines()[0])
                if words[:2] == ["sha256sum", "--"]:
                    assert words[2] == value


LIBRARY = load_library()
