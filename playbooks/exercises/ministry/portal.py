"""The e-services portal (nginx) and the ministry's way to the internet (squid)."""

from __future__ import annotations

from random import Random

from playbooks.exercises.ministry.mail import EDGE
from playbooks.exercises.moments import DAY, MACHINES, MINUTE, OFFICE, PUBLIC, SECOND, spread
from playbooks.exercises.programs import nginx, squid
from playbooks.exercises.scene import Scene

PORTAL = "https://sherbime.gov.example"
_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 "
    "Mobile/15E148 Safari/604.1"
)
_ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile "
    "Safari/537.36"
)
_BROWSERS = (
    EDGE,
    _IPHONE,
    _ANDROID,
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
)
_SERVICES = (
    "/sherbime/certifikate-lindje",
    "/sherbime/gjendje-familjare",
    "/sherbime/vertetim-sigurime",
    "/sherbime/pasaporte",
    "/sherbime/leje-drejtimi",
    "/sherbime/gjoba",
    "/sherbime/tatime",
)
_PROBES = (
    "/.env",
    "/wp-login.php",
    "/phpmyadmin/index.php",
    "/.git/config",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/cgi-bin/luci/;stok=/locale?form=country&operation=write&country=$(id)",
    "/boaform/admin/formLogin",
    "/actuator/health",
)
_NEWS = (
    ("www.lajme.example", "192.0.2.240", "text/html"),
    ("cdn.lajme.example", "192.0.2.241", "image/jpeg"),
    ("www.moti.example", "192.0.2.242", "application/json"),
    ("static.fjalor.example", "203.0.113.20", "text/css"),
    ("update.prodhuesi.example", "203.0.113.21", "application/octet-stream"),
    ("ocsp.besim.example", "203.0.113.22", "application/ocsp-response"),
)
_TUNNELS = (
    ("mail.posta.example", "203.0.113.30"),
    ("video.takime.example", "203.0.113.31"),
    ("teams.takime.example", "203.0.113.32"),
    ("banka.example", "203.0.113.33"),
    ("rrjeti.example", "203.0.113.34"),
    ("search.kerko.example", "203.0.113.35"),
    ("files.dergo.example", "203.0.113.36"),
)


def portal_day(scene: Scene) -> None:
    """Write the portal's log of a day: about 12,000 requests at full size."""
    rng = scene.rng("portal")
    for ms in spread(rng, scene.day, PUBLIC, scene.scaled(2_300)):
        _citizen(scene, ms, rng)
    for ms in spread(rng, scene.day, MACHINES, scene.scaled(150)):
        client = f"203.0.113.{rng.randrange(160, 250)}"
        agent = rng.choice(("Mozilla/5.0 zgrab/0.x", "python-requests/2.32.3", "curl/8.5.0", "-"))
        nginx.request(scene.book, ms, client, f"GET {rng.choice(_PROBES)}", 404, 153, agent)
    for ms in range(scene.day + 11 * SECOND, scene.day + DAY, MINUTE):
        nginx.request(scene.book, ms, "10.20.9.10", "GET /health", 200, 2, "Zabbix 7.0.9")


def _citizen(scene: Scene, ms: int, rng: Random) -> None:
    client = f"{rng.choice(('192.0.2', '203.0.113', '198.51.100'))}.{rng.randrange(128, 254)}"
    agent = rng.choice(_BROWSERS)
    service = rng.choice(_SERVICES)
    steps = [("GET /", 200, 18_211), ("GET /assets/app.css", 304, 0), (f"GET {service}", 200, 9_400)]
    if rng.random() < 0.4:
        steps += [("POST /auth/login", 302, 0)] if rng.random() < 0.9 else [("POST /auth/login", 401, 310)] * 2
        steps += [
            (f"POST {service}/kerkese", 201, 512),
            (f"GET {service}/dokument?id={rng.randrange(10**7)}", 200, 88_000),
        ]
    if rng.random() < 0.03:
        steps.append((f"GET {service}?kerko=O%27Neill", 200, 9_100))  # an apostrophe in a name is no injection
    for step, (line, status, size) in enumerate(steps):
        at = ms + step * rng.randrange(1, 40) * SECOND
        referer = "-" if step == 0 else f"{PORTAL}/"
        nginx.request(scene.book, at, client, line, status, size, agent, referer=referer)


def proxy_day(scene: Scene, count: int) -> None:
    """Write `count` requests of people and machines that go out through the proxy."""
    rng = scene.rng("proxy")
    people = scene.estate.people
    for ms in spread(rng, scene.day, OFFICE, count - count // 10):
        person = rng.choice(people)
        if rng.random() < 0.68:
            _tunnel(scene, ms, person.address, person.login, rng)
        else:
            _page(scene, ms, person.address, person.login, rng)
    for ms in spread(rng, scene.day, MACHINES, count // 10):
        client = f"10.20.4.{rng.randrange(11, 51)}"
        url = "http://update.prodhuesi.example/v9/definitions.cab"
        squid.request(
            scene.book,
            ms,
            client,
            "TCP_MEM_HIT/200",
            rng.randrange(400, 90_000),
            "GET",
            url,
            kind="application/octet-stream",
        )


def _tunnel(scene: Scene, ms: int, client: str, user: str, rng: Random) -> None:
    name, address = rng.choice(_TUNNELS)
    if rng.random() < 0.02:
        squid.request(
            scene.book, ms, client, "TCP_DENIED/407", 4_010, "CONNECT", f"{name}:443", kind="text/html", elapsed=0
        )
        return
    is_upload = name.startswith("files") and rng.random() < 0.2
    size = rng.randrange(2_000_000, 60_000_000) if is_upload else rng.randrange(1_800, 240_000)
    squid.request(
        scene.book, ms, client, "TCP_TUNNEL/200", size, "CONNECT", f"{name}:443", user=user, peer=address,
        elapsed=rng.randrange(80, 190_000),
    )  # fmt: skip


def _page(scene: Scene, ms: int, client: str, user: str, rng: Random) -> None:
    name, address, kind = rng.choice(_NEWS)
    url = f"http://{name}/{rng.choice(('artikull', 'foto', 'api', 'v2'))}/{rng.randrange(10**6)}"
    draw = rng.random()
    if draw < 0.03:
        squid.request(
            scene.book, ms, client, "TCP_DENIED/403", 3_900, "GET", url, user=user, kind="text/html", elapsed=0
        )
    elif draw < 0.3:
        squid.request(
            scene.book,
            ms,
            client,
            "TCP_HIT/200",
            rng.randrange(900, 90_000),
            "GET",
            url,
            user=user,
            kind=kind,
            elapsed=2,
        )
    else:
        code = "TCP_MISS/200" if draw < 0.9 else "TCP_MISS/404"
        squid.request(
            scene.book, ms, client, code, rng.randrange(300, 180_000), "GET", url, user=user, peer=address, kind=kind,
            elapsed=rng.randrange(12, 900),
        )  # fmt: skip
