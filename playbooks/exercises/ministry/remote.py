"""People who work from home (OpenVPN), and the two Linux servers' authentication logs."""

from __future__ import annotations

from random import Random

from playbooks.exercises.estate import Person
from playbooks.exercises.moments import DAY, HOUR, MINUTE, OFFICE, SECOND, spread
from playbooks.exercises.programs import linux, openvpn
from playbooks.exercises.programs.openvpn import Caller
from playbooks.exercises.scene import Scene


def vpn_day(scene: Scene) -> None:
    """Write the VPN server's log: morning log-ins, lost lines, new keys every hour, wrong passwords, strangers."""
    rng = scene.rng("vpn")
    callers = rng.sample(scene.estate.people, min(len(scene.estate.people), scene.scaled(62)))
    for index, person in enumerate(callers):
        _at_home(scene, person, index, rng)
    for ms in spread(rng, scene.day, (1,) * 24, scene.scaled(140)):
        peer = f"203.0.113.{rng.randrange(160, 250)}:{rng.randrange(1024, 65000)}"
        openvpn.stranger(scene.book, ms, peer, rng)


def _caller(person: Person, index: int, rng: Random, address: str | None = None) -> Caller:
    return Caller(
        login=person.login,
        address=address or person.home,
        port=rng.randrange(1025, 65000),
        inside=f"10.8.{index // 240}.{index % 240 + 6}",
        version=("2.6.12", "2.6.8", "3.10.1")[index % 3],
        platform=("win", "win", "win", "mac", "android")[index % 5],
    )


def _at_home(scene: Scene, person: Person, index: int, rng: Random) -> None:
    book = scene.book
    begin = scene.day + 6 * HOUR + int(rng.gauss(75, 40)) * MINUTE + rng.randrange(60) * SECOND
    caller = _caller(person, index, rng)
    if rng.random() < 0.12:
        for step in range(rng.randrange(1, 4)):
            openvpn.refuse(book, begin - (step + 1) * 35 * SECOND, _caller(person, index, rng), rng)
    openvpn.connect(book, begin, caller, rng)
    end = begin + rng.randrange(4, 10) * HOUR + rng.randrange(HOUR)
    at = begin
    while (at := at + HOUR) < end:
        if rng.random() < 0.12:  # a lost line; now and then the next one is a phone's
            openvpn.drop(book, at, caller)
            elsewhere = f"198.51.100.{rng.randrange(140, 250)}" if rng.random() < 0.25 else None
            caller = _caller(person, index, rng, elsewhere)
            openvpn.connect(book, at + rng.randrange(4, 90) * SECOND, caller, rng)
        else:
            openvpn.renegotiate(book, at, caller)
    openvpn.leave(book, end, caller)


_COMMANDS = (
    "/usr/bin/systemctl restart nginx",
    "/usr/bin/apt-get -y upgrade",
    "/usr/bin/journalctl -u nginx --since today",
    "/usr/sbin/nginx -t",
    "/usr/bin/tail -n 200 /var/log/nginx/portal-error.log",
)


def linux_day(scene: Scene) -> None:
    """Write `auth.log` of the portal's web server and data base: cron, operators, deployments, guesses from outside."""
    rng = scene.rng("linux")
    for host in ("web01", "db01"):
        for ms in range(scene.day + SECOND, scene.day + DAY, 10 * MINUTE):
            linux.cron(scene.book, host, ms, rng.randrange(2000, 32000), "www-data" if host == "web01" else "postgres")
        for ms in spread(rng, scene.day, OFFICE, scene.scaled(16)):
            admin = rng.choice(scene.estate.admins)
            user = admin.login.removeprefix("adm.")
            linux.ssh_session(
                scene.book,
                host,
                ms,
                user,
                admin.address,
                rng,
                minutes=rng.randrange(2, 50),
                command=rng.choice(_COMMANDS),
            )
        for ms in range(scene.day + 90 * SECOND, scene.day + DAY, 2 * HOUR):
            linux.ssh_session(scene.book, host, ms, "deploy", "10.20.9.20", rng, minutes=1)
    for ms in spread(rng, scene.day, (1,) * 24, scene.scaled(120)):  # web01 answers ssh to a partner network
        user, known = rng.choice(
            (("root", True), ("admin", False), ("test", False), ("oracle", False), ("ubuntu", False))
        )
        linux.ssh_guess(scene.book, "web01", ms, user, f"203.0.113.{rng.randrange(160, 250)}", rng, known=known)
