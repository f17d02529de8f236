"""How fast `kulla collect` takes in web logs, beside other collectors: `python tests/bench/collecting.py [--lines N]`.

The log is made from real lines (Elastic's examples: 10,000 combined lines, in the shared data): addresses, hours and
sizes are changed from one round to the next, alike for each address, so that as many are distinct as in real logs.
Each run is a new process with a store of its own; figures are events per CPU second of the whole process, start and
writing included, and its peak memory. rsyslog, syslog-ng and GoAccess run on the same file where they are installed, or
unpacked below `--tools DIR` (`dpkg -x PACKAGE DIR`); they write JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("KULLA_SHARED", ROOT.parent / "shared" / "data"))
EXAMPLES = SHARED / "logs" / "elastic-examples" / "Common_Data_Formats"
_LINE = re.compile(rb'(\d+)\.(\d+)\.(\d+)\.(\d+) (.*?\[\d\d/\w+/\d{4}:)(\d\d)(.*?" \d{3} )(\d+|-)( ".*)', re.DOTALL)
_WHOLE = re.compile(
    rb'(\S+) - (\S+) \[([^\]]+)\] "([^"]*)" (\d+) (\d+|-) "([^"]*)" "([^"]*)"', re.ASCII
)  # one that can be written otherwise
_STALLED = 120.0  # seconds that a daemon may write nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a process used: CPU and wall seconds, peak memory in MiB."""

    cpu: float
    wall: float
    memory: int


def combined_lines(count: int) -> Iterator[bytes]:
    """Yield `count` lines made from real ones."""
    real = (EXAMPLES / "apache_logs" / "apache_logs").read_bytes().splitlines()
    chance = random.Random(7)
    for number in range(count):
        if number % len(real) == 0:
            turn, hours = [chance.randrange(256) for _ in range(4)], chance.randrange(24)
        found = _LINE.fullmatch(line := real[number % len(real)])
        if found is not None:
            octets = [int(found[place + 1]) ^ turn[place] for place in range(4)]
            size = found[8] if found[8] == b"-" else b"%d" % (int(found[8]) + chance.randrange(500))
            hour = (int(found[6]) + hours) % 24
            line = b"%d.%d.%d.%d %s%02d%s%s%s" % (
                max(1, octets[0]),
                *octets[1:],
                found[5],
                hour,
                found[7],
                size,
                found[9],
            )
        yield line


def json_lines(count: int) -> Iterator[bytes]:
    """Yield `count` lines of the same events as nginx writes them with `escape=json`."""
    names = ("remote_addr", "remote_user", "time_local", "request", "status", "body_bytes_sent", "http_referer")
    for line in combined_lines(count):
        found = _WHOLE.fullmatch(line)
        if found is None:
            continue
        entries = dict(zip((*names, "http_user_agent"), map(bytes.decode, found.groups()), strict=True))
        yield json.dumps(entries | {"status": int(found[5]), "request_time": f"0.{len(line) % 1000:03}"}).encode()


def write_lines(path: Path, lines: Iterator[bytes]) -> int:
    """Write a log; return how many lines it has."""
    count = 0
    with path.open("wb") as stream:
        for line in lines:
            stream.write(line + b"\n")
            count += 1
    return count


def lines_of(path: Path) -> int:
    """Count a file's lines, a little at a time: a child's peak memory is no less than this process's was."""
    with path.open("rb") as stream:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b""))


def used(command: Sequence[str], *, until: Callable[[], bool] | None = None, **environment: str) -> Used:
    """Run a command to its end, or until something holds; return what it used."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
    )
    if until is not None:
        while not until() and process.poll() is None:
            time.sleep(0.25)
        process.send_signal(signal.SIGTERM)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if until is None and process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    wall = time.perf_counter() - start
    return Used(cpu=usage.ru_utime + usage.ru_stime, wall=wall, memory=usage.ru_maxrss // 1024)


def told(what: str, count: int, found: Used) -> None:
    """Print one line of the table."""
    rate = f"{count / found.cpu:>10,.0f} per CPU s {count / found.wall:>10,.0f} per s"
    print(f"{what:<60} {count:>10,} events {rate} {found.memory:>6,} MiB", flush=True)


def kulla(what: str, log: Path, count: int, home: Path, *options: str) -> None:
    """Collect a log with kulla, and check that it accounts for every line."""
    program = [
        sys.executable,
        "-c",
        "from cli.main import main; main()",
        "collect",
        str(log),
        "--no-progress",
        *options,
    ]
    answer = home.with_suffix(".json")
    found = used([*program, "-f", "json", "-o", str(answer)], KULLA_HOME=str(home), PYTHONPATH=str(ROOT))
    (account,) = json.loads(answer.read_bytes())["logs"]
    if account["records"] != count:
        raise SystemExit(f"{account['records']:,} records of {count:,}")
    told(f"{what} ({account['stored']:,} stored, {account['dead_lettered']} dead)", count, found)


def has_lines(path: Path, count: int) -> Callable[[], bool]:
    """Return what tells whether a file has so many lines, or has not grown for too long."""
    state = {"lines": 0, "at": 0, "since": time.monotonic()}

    def reached() -> bool:
        if path.exists():
            with path.open("rb") as stream:
                stream.seek(int(state["at"]))
                while chunk := stream.read(1 << 20):
                    state["lines"] += chunk.count(b"\n")
                    state["since"] = time.monotonic()
                state["at"] = stream.tell()
        return state["lines"] >= count or time.monotonic() - state["since"] > _STALLED

    return reached


def peers(log: Path, count: int, tools: Path, folder: Path) -> None:
    """Run the other collectors that are there."""
    places = [tools / part for part in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/syslog-ng")]
    libraries = ":".join(map(str, places))
    for name, run in (
        ("usr/sbin/rsyslogd", _rsyslog),
        ("usr/sbin/syslog-ng", _syslog_ng),
        ("usr/bin/goaccess", _goaccess),
    ):
        program = next((place for place in (tools / name, Path("/") / name) if place.exists()), None)
        if program is None:
            print(f"{Path(name).name:<60} not installed")
            continue
        own = tools if program.is_relative_to(tools) else Path("/")
        out = folder / f"{program.name}.json"
        command = run(program, log, out, own, folder)
        reached = None if run is _goaccess else has_lines(out, count)
        found = used(command, until=reached, LD_LIBRARY_PATH=libraries)
        written = count if run is _goaccess else lines_of(out) if out.exists() else 0
        told(program.name if written >= count else f"{program.name} (wrote {written:,} lines only)", count, found)


def _rsyslog(program: Path, log: Path, out: Path, own: Path, folder: Path) -> list[str]:
    rule = (
        'version=2\nrule=:%ip:word% %ident:word% %user:word% [%stamp:char-to:]%] "%request:char-to:"%" %status:number%'
        ' %bytes:word% "%referrer:char-to:"%" "%agent:char-to:"%"\n'
    )
    (folder / "nginx.rb").write_text(rule, encoding="utf-8")
    (folder / "rsyslog.conf").write_text(
        f'global(workDirectory="{folder}" maxMessageSize="64k")\nmodule(load="imfile")\nmodule(load="mmnormalize")\n'
        'template(name="json" type="string" string="%$!all-json%\\n")\n'
        f'ruleset(name="web") {{ action(type="mmnormalize" rulebase="{folder}/nginx.rb" userawmsg="on")\n'
        f' action(type="omfile" file="{out}" template="json") }}\n'
        f'input(type="imfile" File="{log}" Tag="web" ruleset="web")\n',
        encoding="utf-8",
    )
    modules = own / "usr/lib/x86_64-linux-gnu/rsyslog"
    return [
        str(program),
        "-n",
        "-i",
        str(folder / "rsyslog.pid"),
        "-M",
        str(modules),
        "-f",
        str(folder / "rsyslog.conf"),
    ]


def _syslog_ng(program: Path, log: Path, out: Path, own: Path, folder: Path) -> list[str]:
    columns = '"ip","ident","user","stamp","zone","request","status","bytes","referrer","agent"'
    (folder / "syslog-ng.conf").write_text(
        f"""@version: 3.38
source web {{ file("{log}" flags(no-parse) follow-freq(1) log-iw-size(10000)); }};
parser line {{ csv-parser(columns({columns}) delimiters(" ") quote-pairs('""[]') flags(escape-none)); }};
destination json {{ file("{out}" template("$(format-json --scope nv-pairs)\\n")); }};
log {{ source(web); parser(line); destination(json); flags(flow-control); }};
""",
        encoding="utf-8",
    )
    places = [f"--{name}={folder}/syslog-ng.{name}" for name in ("persist-file", "pidfile", "control")]
    modules = f"--module-path={own}/usr/lib/syslog-ng/3.38"
    return [str(program), "-F", "--no-caps", "-f", str(folder / "syslog-ng.conf"), modules, *places]


def _goaccess(program: Path, log: Path, out: Path, own: Path, folder: Path) -> list[str]:
    return [str(program), str(log), "--log-format=COMBINED", "-o", str(out), "--no-progress", "--no-global-config"]


def main() -> None:
    """Make the logs, collect them, and let the others do the same."""
    parser = argparse.ArgumentParser(description="Collecting web logs, beside other collectors.")
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--json-lines", type=int, default=2_000_000)
    parser.add_argument("--peer-lines", type=int, default=500_000)
    parser.add_argument("--tools", type=Path, default=Path("/"))
    given = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "access.log"
        write_lines(log, combined_lines(given.lines))
        print(f"{log.stat().st_size / 1e6:,.0f} MB, {given.lines:,} lines")
        kulla("kulla, nginx", log, given.lines, folder / "home", "--source", "nginx")
        kulla("kulla, nginx, the same again", log, given.lines, folder / "home", "--source", "nginx")
        kulla("kulla, source recognised", log, given.lines, folder / "second")
        count = write_lines(folder / "access.json", json_lines(given.json_lines))
        kulla("kulla, nginx as JSON", folder / "access.json", count, folder / "third")
        short = folder / "short.log"
        write_lines(short, combined_lines(given.peer_lines))
        peers(short, given.peer_lines, given.tools.resolve(), folder)


if __name__ == "__main__":
    main()
