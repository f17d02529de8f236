"""An OpenVPN 2.6 server that logs through syslog (RFC 3164, `--verb 3`), the clock on UTC."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from playbooks.exercises.logbook import BENIGN, LogBook
from playbooks.exercises.moments import SECOND, syslog_stamp

FILE = "vpn/VPN01.log"
_PID = 841
_CONTROL = (
    "Control Channel: TLSv1.3, cipher TLSv1.3 TLS_AES_256_GCM_SHA384, peer certificate: 2048 bits RSA, "
    "signature: RSA-SHA256, peer temporary key: 253 bits X25519"
)
_PUSHED = "route 10.20.0.0 255.255.0.0,dhcp-option DNS 10.20.1.10,topology subnet,ping 10,ping-restart 60,peer-id 3"
_CA = "C=AL, O=Ministria, CN=Ministria VPN CA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls in: account, address and port outside, the address given inside, and what the client says it is."""

    login: str
    address: str
    port: int
    inside: str
    version: str = "2.6.12"
    platform: str = "win"

    @property
    def peer(self) -> str:
        """Return `address:port`."""
        return f"{self.address}:{self.port}"


def say(book: LogBook, ms: int, text: str, number: int = BENIGN) -> None:
    """Write one line as the daemon's syslog shows it."""
    book.add(FILE, ms, f"{syslog_stamp(ms)} VPN01 openvpn[{_PID}]: {text}", number, "VPN01")


def _greet(book: LogBook, ms: int, caller: Caller, rng: Random, number: int) -> int:
    peer = caller.peer
    session = f"{rng.getrandbits(32):08x} {rng.getrandbits(32):08x}"
    lines = (
        f"{peer} TLS: Initial packet from [AF_INET]{peer}, sid={session}",
        f"{peer} VERIFY OK: depth=1, {_CA}",
        f"{peer} VERIFY OK: depth=0, C=AL, O=Ministria, CN={caller.login}",
        f"{peer} peer info: IV_VER={caller.version}",
        f"{peer} peer info: IV_PLAT={caller.platform}",
        f"{peer} peer info: IV_PROTO=990",
        f"{peer} peer info: IV_CIPHERS=AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305",
    )
    for step, line in enumerate(lines):
        say(book, ms + step * 60, line, number)
    return ms + 500


def connect(book: LogBook, ms: int, caller: Caller, rng: Random, number: int = BENIGN) -> None:
    """Write a log-in that succeeds, from the first packet to the pushed configuration."""
    peer, login = caller.peer, caller.login
    at = _greet(book, ms, caller, rng, number)
    lines = (
        f"{peer} TLS: Username/Password authentication succeeded for username '{login}'",
        f"{peer} {_CONTROL}",
        f"{peer} [{login}] Peer Connection Initiated with [AF_INET]{peer}",
        f"{login}/{peer} MULTI_sva: pool returned IPv4={caller.inside}, IPv6=(Not enabled)",
        f"{login}/{peer} MULTI: Learn: {caller.inside} -> {login}/{peer}",
        f"{login}/{peer} MULTI: primary virtual IP for {login}/{peer}: {caller.inside}",
        f"{login}/{peer} SENT CONTROL [{login}]: 'PUSH_REPLY,{_PUSHED},ifconfig {caller.inside}' (status=1)",
        f"{login}/{peer} Data Channel: cipher 'AES-256-GCM', peer-id: 3",
    )
    for step, line in enumerate(lines):
        say(book, at + step * 45, line, number)


def refuse(book: LogBook, ms: int, caller: Caller, rng: Random, number: int = BENIGN) -> None:
    """Write a log-in with a wrong password."""
    peer = caller.peer
    at = _greet(book, ms, caller, rng, number)
    plugin = "/usr/lib/openvpn/openvpn-plugin-auth-pam.so"
    lines = (
        f"{peer} PLUGIN_CALL: POST {plugin}/PLUGIN_AUTH_USER_PASS_VERIFY status=1",
        f"{peer} PLUGIN_CALL: plugin function PLUGIN_AUTH_USER_PASS_VERIFY failed with status 1: {plugin}",
        f"{peer} TLS Auth Error: Auth Username/Password verification failed for peer",
        f"{peer} [{caller.login}] Peer Connection Initiated with [AF_INET]{peer}",
        f"{peer} Delayed exit in 5 seconds",
        f"{peer} SENT CONTROL [{caller.login}]: 'AUTH_FAILED' (status=1)",
        f"{peer} SIGTERM[soft,delayed-exit] received, client-instance exiting",
    )
    for step, line in enumerate(lines):
        say(book, at + step * 40 + (5 * SECOND if step == len(lines) - 1 else 0), line, number)


def drop(book: LogBook, ms: int, caller: Caller, number: int = BENIGN) -> None:
    """Write a connection that is lost."""
    who = f"{caller.login}/{caller.peer}"
    say(book, ms, f"{who} [{caller.login}] Inactivity timeout (--ping-restart), restarting", number)
    say(book, ms, f"{who} SIGUSR1[soft,ping-restart] received, client-instance restarting", number)


def leave(book: LogBook, ms: int, caller: Caller, number: int = BENIGN) -> None:
    """Write a log-out."""
    say(book, ms, f"{caller.login}/{caller.peer} SIGTERM[soft,remote-exit] received, client-instance exiting", number)


def renegotiate(book: LogBook, ms: int, caller: Caller, number: int = BENIGN) -> None:
    """Write the hourly change of keys of a session that is up."""
    who = f"{caller.login}/{caller.peer}"
    lines = (
        f"{who} TLS: soft reset sec=3600/3600 bytes=41811323/-1 pkts=73391/0",
        f"{who} VERIFY OK: depth=1, {_CA}",
        f"{who} VERIFY OK: depth=0, C=AL, O=Ministria, CN={caller.login}",
        f"{who} TLS: Username/Password authentication succeeded for username '{caller.login}'",
        f"{who} {_CONTROL}",
    )
    for step, line in enumerate(lines):
        say(book, ms + step * 30, line, number)


def stranger(book: LogBook, ms: int, peer: str, rng: Random) -> None:
    """Write what a scan from the internet leaves: a packet without a valid key."""
    if rng.random() < 0.6:
        say(book, ms, f"TLS Error: cannot locate HMAC in incoming packet from [AF_INET]{peer}")
    else:
        text = "TLS key negotiation failed to occur within 60 seconds (check your network connectivity)"
        say(book, ms, f"{peer} TLS Error: {text}")
        say(book, ms + 3, f"{peer} TLS Error: TLS handshake failed")
        say(book, ms + 5, f"{peer} SIGUSR1[soft,tls-error] received, client-instance restarting")
