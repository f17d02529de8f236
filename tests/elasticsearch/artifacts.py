"""Assembling an Elasticsearch server from its published Maven artifacts, once, outside the checkout.

Layout under the cache folder: `lib/` (the server's module path) and `modules/transport-netty4/` (HTTP and transport,
with the plugin's descriptor unpacked beside its jars).
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

VERSION = "9.5.3"
OLDEST_JAVA = 21
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>kulla.tests</groupId><artifactId>{name}</artifactId><version>1</version><dependencies><dependency>
<groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency></dependencies></project>
"""
_PLUGIN = "transport-netty4"


class UnavailableError(Exception):
    """No node can be had on this machine; the text says why."""


def cache_folder() -> Path:
    """Return where the server is kept between runs (`KULLA_TEST_CACHE`, else the user's cache folder)."""
    base = os.environ.get("KULLA_TEST_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "kulla-tests" / f"elasticsearch-{VERSION}"


def assemble() -> Path:
    """Return the folder with `lib/` and `modules/`, made where it is not there; other runs wait for it."""
    folder = cache_folder()
    if (folder / "lib").is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "lib").is_dir():
            _assemble(folder)
    return folder


def _assemble(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise UnavailableError("Maven (mvn) is not installed, so Elasticsearch cannot be assembled")
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        made = Path(name) / "server"
        _resolve(maven, "org.elasticsearch", "elasticsearch", made / "lib")
        plugin = made / "modules" / _PLUGIN
        _resolve(maven, "org.elasticsearch.plugin", _PLUGIN, plugin)
        for jar in plugin.glob("*.jar"):  # what the server has, a plugin must not bring along
            if (made / "lib" / jar.name).exists():
                jar.unlink()
        _unpack_descriptor(plugin)
        (made / "config").mkdir()
        made.rename(folder)


def _resolve(maven: str, group: str, name: str, target: Path) -> None:
    target.mkdir(parents=True)
    pom = target.parent / f"{name}.xml"
    pom.write_text(_POM.format(name=name, group=group, version=VERSION))
    words = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    done = subprocess.run([*words, f"-DoutputDirectory={target}"], capture_output=True, text=True, check=False)
    pom.unlink()
    if done.returncode:
        raise UnavailableError(f"Maven cannot resolve {group}:{name}:{VERSION}: {done.stdout.strip()[-400:]}")


def _unpack_descriptor(plugin: Path) -> None:
    jar = next(plugin.glob(f"{_PLUGIN}-*.jar"))
    with zipfile.ZipFile(jar) as archive:
        for name in archive.namelist():
            if name.startswith(f"META-INF/es-plugins/{_PLUGIN}/") and not name.endswith("/"):
                (plugin / Path(name).name).write_bytes(archive.read(name))


def java() -> Path:
    """Return a Java that is new enough: of JAVA_HOME, of the usual folders, or of the path."""
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    homes += sorted(Path("/usr/lib/jvm").glob("*"), reverse=True)
    for home in homes:
        release = home / "release"
        if release.is_file() and _version(release.read_text(errors="replace")) >= OLDEST_JAVA:
            return home / "bin" / "java"
    found = shutil.which("java")
    if found:
        told = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
        if _version(told) >= OLDEST_JAVA:
            return Path(found)
    raise UnavailableError(f"no Java {OLDEST_JAVA} or newer was found (set JAVA_HOME)")


def _version(text: str) -> int:
    found = re.search(r'(?:JAVA_VERSION=|version )"(\d+)', text)
    return int(found[1]) if found else 0
