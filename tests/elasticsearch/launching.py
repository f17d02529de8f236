"""The node's Java program, compiled once, with an archive of the classes that a start loads.

With both a start takes 3 CPU seconds, without them 9, and the tests of faults start nodes hundreds of times. Both are
kept beside the server, by the launcher's text and the Java that made them.
"""

from __future__ import annotations

import fcntl
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from tests.elasticsearch.artifacts import assemble, java

_SOURCE = Path(__file__).with_name("RunNode.java")
_MODULES = "org.elasticsearch.server"


def launching(train: Callable[[Sequence[str]], None]) -> list[str]:
    """Return the words that start the launcher, but for its arguments.

    Where nothing is kept yet, `train` is called once: it starts a node with the words it is given, uses it, and ends it
    in an orderly way, so that Java writes the archive.
    """
    program, server = java(), assemble()
    release = program.parents[1] / "release"
    made_by = release.read_bytes() if release.is_file() else str(program).encode()
    folder = server / "launchers" / sha256(_SOURCE.read_bytes() + made_by).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    jar, archive = folder / "launcher.jar", folder / "classes.jsa"
    words = ["-p", str(server / "lib"), "--add-modules", f"{_MODULES},jdk.incubator.vector", "-cp", str(jar), "RunNode"]
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jar.exists():
            _compile(program.with_name("javac"), server, jar)
        if not archive.exists():
            made = folder / "being-made.jsa"
            train([str(program), f"-XX:ArchiveClassesAtExit={made}", *words])
            made.replace(archive)
    return [str(program), f"-XX:SharedArchiveFile={archive}", *words]


def _compile(compiler: Path, server: Path, jar: Path) -> None:
    with tempfile.TemporaryDirectory(dir=jar.parent) as name:
        words = ["-p", str(server / "lib"), "--add-modules", _MODULES, "-d", f"{name}/classes", str(_SOURCE)]
        subprocess.run([str(compiler), *words], check=True)
        made = Path(name) / "launcher.jar"
        with zipfile.ZipFile(made, "w") as out:
            for path in sorted(Path(name, "classes").iterdir()):
                out.write(path, path.name)
        made.replace(jar)
