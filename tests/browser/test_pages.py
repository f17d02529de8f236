"""Every kind of page that kulla writes, in a real browser: axe-core finds nothing, and nothing is asked for outside.

Light and dark, wide and at 320 pixels. Needs chromium, node and npm; what is missing is said, and the test skipped
(or failed, where `KULLA_REQUIRE_BROWSER` is 1). `KULLA_CHROMIUM` names another browser, `KULLA_SHOTS` a folder for
screenshots, to be looked at.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from tests.cli.runs import access_log, kulla, rule, rules_folder

HERE = Path(__file__).resolve().parent


def _without(what: str) -> NoReturn:
    if os.environ.get("KULLA_REQUIRE_BROWSER") == "1":
        pytest.fail(what)
    pytest.skip(what)


def _program(*names: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or _without(f"no browser test: {names[0]} is not installed")


@pytest.fixture(scope="module")
def modules() -> Path:
    """Return the folder with axe-core and puppeteer-core, installed at the first use."""
    npm = _program("npm")
    base = os.environ.get("KULLA_TEST_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "kulla-tests" / "browser"
    wanted = (HERE / "package.json").read_bytes()
    kept = folder / "package.json"
    if not (kept.is_file() and kept.read_bytes() == wanted and (folder / "node_modules" / "axe-core").is_dir()):
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(wanted)
        arguments = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
        done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode:
            _without(f"no browser test: npm cannot install axe-core ({done.stderr.strip()[-200:]})")
    return folder


SERVICES = """id,name_en,name_sq,owner,criticality,users_mon,users_tue,depends_on,restore_skill,restore_hours,\
verify_skill,verify_hours,go_live_skill,go_live_hours,contamination,health_command,health_expected,rto_hours,legal
core,Core,Bërthama,AKSHI,5,0,0,,net,2,net,0.5,net,0.25,contaminated,true,ok,8,
vat,VAT,TVSH,Tax,4,100,300,core,,,net,0.5,net,0.25,unknown,,,1,
"""
CRITICAL = [
    rule(f"Evil {number}")
    .replace("0a01", f"0a{number:02}")
    .replace("level: high", f"level: critical\ntags:\n  - attack.{tactic}\n  - attack.{technique}")
    for number, tactic, technique in ((1, "initial-access", "t1190"), (2, "persistence", "t1505.003"))
]
CREWS = """timezone: Europe/Tirane
rest_hours: 11
shifts:
  day: {from: "07:00", to: "19:00"}
people:
  - {id: arta, name: Arta, crew: A, skills: [net], shifts: [day]}
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Write one page of every kind, from hostile logs, in both languages."""
    base = tmp_path_factory.mktemp("pages")
    home = base / "home"
    rules_folder(base, CRITICAL)
    log = access_log(40, path="/evil/<b>%22'&amp;" + "x" * 120)
    (base / "access.log").write_bytes(log)
    (base / "services.csv").write_text(SERVICES, encoding="utf-8")
    (base / "crews.yaml").write_text(CREWS, encoding="utf-8")
    assert kulla("collect", str(base / "access.log"), home=home).code == 0
    assert kulla("detect", "--rules", str(base / "rules"), home=home).code == 0
    name = str(json.loads(kulla("incidents", "list", "-f", "jsonl", home=home).out.splitlines()[0])["id"])
    plan = ("services", "plan", "services.csv", "--crews", "crews.yaml", "--start", "2026-03-10T06:00:00Z")
    calls = {
        "report": ("incidents", "report", name, "-o", "report.html"),
        "report-sq": ("incidents", "report", name, "--lang", "sq", "-o", "report-sq.html"),
        "paper": ("incidents", "paper", name, "final-report", "-o", "paper.html"),
        "show": ("incidents", "show", name, "-o", "show.html"),
        "timeline": ("incidents", "timeline", name, "-o", "timeline.html"),
        "guide": ("respond", name, "--playbook", "ransomware-wiper", "--dry-run", "-o", "guide.html"),
        "curve": (*plan, "--curve", "curve.html"),
    }
    for what, call in calls.items():
        result = kulla(*call, home=home)
        assert result.code in {0, 4}, f"{what}: {result.err}"
    return [base / f"{what}.html" for what in calls]


@pytest.mark.timeout(900)
def test_no_page_has_a_violation_or_asks_for_anything(modules: Path, pages: list[Path]) -> None:
    browser = os.environ.get("KULLA_CHROMIUM") or _program("chromium", "chromium-browser", "google-chrome")
    shots = os.environ.get("KULLA_SHOTS", "-")
    arguments = [_program("node"), str(HERE / "look.mjs"), str(modules), browser, shots, *map(str, pages)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert len(found) == 4 * len(pages)
    for look in found:
        where = f"{look['page']} ({look['look']})"
        assert look["violations"] == [], where
        assert look["outside"] == [], where
        assert look["scripts"] == look["elements"] == 0, where
        assert look["wider"] <= 0, f"{where}: the page itself scrolls sideways"
        assert look["contrast"], f"{where}: axe-core did not look at contrast"
