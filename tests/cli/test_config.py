from __future__ import annotations

from pathlib import Path

import pytest

from cli import config
from engine.alerts import Level
from engine.errors import ConfigurationError
from tests.cli.fakes import call


@pytest.fixture
def user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "user" / "kulla.toml"
    path.parent.mkdir()
    monkeypatch.setattr(config, "user_file", lambda: path)
    return path


def _load(cwd: Path, flags=None, environ=None) -> config.Settings:
    return config.load(flags=flags or {}, environ=environ or {}, cwd=cwd)


def test_the_order_of_authority(tmp_path: Path, user_file: Path) -> None:
    assert _load(tmp_path).origins["lang"] == config.Origin(value="en", place="default")
    user_file.write_text('# mine\nlang = "sq"\nlevel = "high"\n')
    assert _load(tmp_path).origins["lang"] == config.Origin(value="sq", place=f"{user_file}:2")
    here = tmp_path / "kulla.toml"
    here.write_text('lang = "en"\n[rules]\npaths = ["own", "./more"]\nlevel = "low"\n')
    settings = _load(tmp_path)
    assert settings.origins["lang"].place == f"{here}:1"
    assert settings.origins["rules.level"].place == f"{here}:4"
    assert settings.rules == ("own", "./more")
    assert (settings.level, settings.rules_level) == (Level.HIGH, Level.LOW)
    assert settings.files == (here, user_file)
    settings = _load(tmp_path, environ={"KULLA_LANG": "sq", "KULLA_RULES": "own, x.zip"})
    assert (settings.lang, settings.origins["lang"].place) == ("sq", "KULLA_LANG")
    assert settings.rules == ("own", "x.zip")
    settings = _load(tmp_path, flags={"lang": ("--lang", "en")}, environ={"KULLA_LANG": "sq"})
    assert (settings.lang, settings.origins["lang"].place) == ("en", "--lang")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('lang = "en"\nlnag = "sq"\n', 2, "unknown setting lnag"),
        ("[rules]\n\npath = []\n", 3, "unknown setting rules.path"),
        ("[nothing]\nx = 1\n", 2, "unknown setting nothing.x"),
        ('lang = "fr"\n', 1, "one of en, sq is wanted"),
        ("lang = 3\n", 1, "one of en, sq is wanted"),
        ('\nlevel = "hgih"\n', 2, "informational, low"),
        ("level = 4\n", 1, "informational, low"),
        ('zone = "Mars/Base"\n', 1, "Europe/Tirane"),
        ('zone = "../../etc/passwd"\n', 1, "Europe/Tirane"),
        ('progress = "maybe"\n', 1, "true or false is wanted"),
        ('home = ""\n', 1, "a folder is wanted"),
        ("rules.paths = [1]\n", 1, "a list of texts is wanted"),
        ('rules.status = ["stabel"]\n', 1, "none of stable"),
        ('lang = "en\n', 1, "not valid TOML"),
        ('lang = "en"\nlang = "sq"\n', 2, "not valid TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(
    tmp_path: Path, user_file: Path, text: str, line: int, words: str
) -> None:
    path = tmp_path / "kulla.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path)
    assert caught.value.where == f"{path}:{line}"
    assert words in caught.value.message
    assert caught.value.hint
    assert call("config", "check", cwd=tmp_path).code == 3


def test_every_file_is_checked_even_where_another_decides(tmp_path: Path, user_file: Path) -> None:
    user_file.write_text('lang = "fr"\n')
    with pytest.raises(ConfigurationError, match="fr"):
        _load(tmp_path, environ={})
    (tmp_path / "kulla.toml").write_text('lang = "sq"\n')
    with pytest.raises(ConfigurationError, match="fr"):
        _load(tmp_path)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"# " + b"x" * 300_000], ids=["no UTF-8", "huge"])
def test_a_file_that_is_no_settings_file(tmp_path: Path, user_file: Path, content: bytes) -> None:
    (tmp_path / "kulla.toml").write_bytes(content)
    with pytest.raises(ConfigurationError):
        _load(tmp_path)


def test_show_and_check(tmp_path: Path, user_file: Path) -> None:
    (tmp_path / "kulla.toml").write_text('zone = "Europe/Tirane"\n')
    shown = call("config", "show", "-f", "csv", cwd=tmp_path)
    assert shown.code == 0
    assert f'"zone","Europe/Tirane","{tmp_path}/kulla.toml:1"' in shown.out
    assert '"home"' in shown.out
    assert '"KULLA_HOME"' in shown.out
    assert call("config", "check", cwd=tmp_path).code == 0
    odd = call("config", "check", cwd=tmp_path, environ={"KULLA_LNAG": "sq"})
    assert odd.code == 4
    assert "KULLA_LNAG: no setting reads this variable" in odd.err


def test_version_works_whatever_the_settings_are(tmp_path: Path, user_file: Path) -> None:
    (tmp_path / "kulla.toml").write_text("broken")
    result = call("version", cwd=tmp_path)
    assert result.code == 0
    assert result.out.startswith("kulla ")


@pytest.mark.parametrize(
    "text",
    [
        '[notify]\nlang = "fr"',
        '[notify.channels.x]\nkind = "pigeon"',
        '[notify.channels.x]\nkind = "teams"\nurl = "https://h.example/x"\ntypo = 1',
        '[[notify.routes]]\nchannels = ["nobody"]',
        '[notify.rosters.duty]\nzone = "Mars/Phobos"',
        '[schedules.a]\ncron = "now and then"',
        '[schedules.a]\ncron = "* * * * *"\nrules = ["nowhere"]',
        '[expected]\n"*" = "1 parsec"',
        '[retention]\n"*" = "soon"',
        '[privacy.rules."x"]\n"a" = "frobnicate"',
        '[respond]\nexecute = "maybe"',
        "[papers]\nfoo = 1",
        '[papers]\ndeadlines = ["nowhere.yaml"]',
        "[importance]\nfoo = 1",
        '[export]\ntlp = "purple"',
        '[rules]\npaths = ["nowhere"]',
        '[rules]\nfilters = ["nowhere"]',
        '[enrich]\nassets = "nowhere.csv"',
        '[telemetry]\notlp = "gopher://x"',
        '[collectors]\nsources = ["nowhere.yml"]',
        'store = "ftp://x"',
    ],
)
def test_a_setting_that_a_command_would_stop_at_is_told_by_the_check(
    text: str, tmp_path: Path, user_file: Path
) -> None:
    (tmp_path / "kulla.toml").write_text(text, encoding="utf-8")
    result = call("config", "check", cwd=tmp_path)
    assert result.code == 3
    assert "valid" not in result.err
    assert "\nnext: " in result.err


def test_the_check_tells_all_that_is_wrong_and_a_secret_of_others_is_not(tmp_path: Path, user_file: Path) -> None:
    (tmp_path / "kulla.toml").write_text('[expected]\na = "b"\n[retention]\n"*" = "c"\n', encoding="utf-8")
    result = call("config", "check", cwd=tmp_path)
    assert all(f"kulla.toml:{line}" in result.err for line in (1, 4))
    (tmp_path / "kulla.toml").write_text(
        '[notify.channels.soc]\nkind = "teams"\nurl = "file:/nowhere/soc"\n[papers]\ncontact = "soc@gov.example"\n',
        encoding="utf-8",
    )
    result = call("config", "check", cwd=tmp_path)
    assert result.code == 0
    assert "channel soc: /nowhere/soc: cannot read the secret" in result.err
    assert not (tmp_path / "home").exists()
