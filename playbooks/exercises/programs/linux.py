"""`/var/log/auth.log` of a Debian server (RFC 3164, the clock on UTC)."""

from __future__ import annotations

from random import Random

from playbooks.exercises.logbook import BENIGN, LogBook
from playbooks.exercises.moments import MINUTE, SECOND, syslog_stamp


def say(book: LogBook, host: str, ms: int, tag: str, text: str, number: int = BENIGN) -> None:  # noqa: PLR0917 - in the order of the record
    """Write one line; `tag` is the program with its pid (`sshd[812]`)."""
    book.add(f"linux/{host}/auth.log", ms, f"{syslog_stamp(ms)} {host} {tag}: {text}", number, host)


def cron(book: LogBook, host: str, ms: int, pid: int, user: str = "root") -> None:
    """Write a cron job's session."""
    tag = f"CRON[{pid}]"
    say(book, host, ms, tag, f"pam_unix(cron:session): session opened for user {user}(uid=0) by (uid=0)")
    say(book, host, ms + 900, tag, f"pam_unix(cron:session): session closed for user {user}")


def ssh_session(  # noqa: PLR0917 - in the order of the record
    book: LogBook, host: str, ms: int, user: str, address: str, rng: Random, *, minutes: int, command: str = ""
) -> None:
    """Write a session by key, with one `sudo` command where `command` is given."""
    tag = f"sshd[{rng.randrange(2000, 32000)}]"
    mark = f"SHA256:{rng.getrandbits(160):040x}"
    say(
        book,
        host,
        ms,
        tag,
        f"Accepted publickey for {user} from {address} port {rng.randrange(40000, 65000)} ssh2: ED25519 {mark}",
    )
    say(book, host, ms + 40, tag, f"pam_unix(sshd:session): session opened for user {user}(uid=1001) by (uid=0)")
    if command:
        at = ms + MINUTE
        say(book, host, at, "sudo", f"{user:>8} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND={command}")
        say(
            book,
            host,
            at + 10,
            "sudo",
            f"pam_unix(sudo:session): session opened for user root(uid=0) by {user}(uid=1001)",
        )
        say(book, host, at + 5 * SECOND, "sudo", "pam_unix(sudo:session): session closed for user root")
    end = ms + minutes * MINUTE
    say(book, host, end, tag, f"Received disconnect from {address} port 51222:11: disconnected by user")
    say(book, host, end + 20, tag, f"pam_unix(sshd:session): session closed for user {user}")


def ssh_guess(book: LogBook, host: str, ms: int, user: str, address: str, rng: Random, *, known: bool) -> None:  # noqa: PLR0917 - in the order of the record
    """Write one failed password."""
    tag = f"sshd[{rng.randrange(2000, 32000)}]"
    port = rng.randrange(40000, 65000)
    if not known:
        say(book, host, ms, tag, f"Invalid user {user} from {address} port {port}")
    whom = user if known else f"invalid user {user}"
    say(book, host, ms + 1800, tag, f"Failed password for {whom} from {address} port {port} ssh2")
    say(
        book,
        host,
        ms + 2300,
        tag,
        f"Connection closed by {'authenticating' if known else 'invalid'} user {user} {address} port {port} [preauth]",
    )
