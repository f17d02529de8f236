"""What sshd says: OpenSSH's messages, from 3.x to 10.x, those of TCP wrappers, and of dropbear.

Sources: the log calls in OpenSSH's auth.c, auth2.c, auth2-pubkey.c, auth-pam.c, monitor.c, packet.c, kex.c, session.c,
serverloop.c, srclimit.c, sshd.c and sshd-session.c; dropbear's svr-auth.c. User names and version strings come from
the peer: a pattern takes the last address of a message, because a name can hold what looks like an address, and the
true one follows it.

Event types follow ECS: a refused attempt has ended (`end`), an accepted one starts something; log-ins are `info` as
well, as Filebeat says. `Postponed` and `Partial` are no success yet: their outcome is `unknown`.
"""

from __future__ import annotations

import re

from collectors.auth.messages import Table, meaning, message
from engine.events import Fields

_PORT = r" port (?P<port>\d{1,5})"
_AT = r"(?P<address>\S{1,255})"
_PEER = rf"{_AT}(?:{_PORT})?"
_COLON_PEER = rf"(?P<address>[^\s:]{{1,255}}|[0-9A-Fa-f:.]{{2,45}}(?:%\w{{1,16}})?)(?:{_PORT})?"
_INVALID = r"(?:(?:invalid|illegal) user )?"
_WHO = r"(?:[a-z]{1,32} )?user (?P<user>.*) "  # "invalid user x ", "authenticating user x ", "user x "
_LOGIN = (
    rf"(?P<method>[^\s/]{{1,64}})(?:/\S{{1,64}})? for {_INVALID}(?P<user>.*) from {_PEER}"
    r"(?: {1,2}(?P<protocol>ssh\d?))?(?:: (?P<signature>.*))?"
)

_ACCEPTED = meaning("ssh_login", "authentication session", "start info", "success")
_REFUSED = meaning("ssh_login", "authentication", "end info", "failure")
_PENDING = meaning("ssh_login_pending", "authentication", "start", "unknown")
_KEY = meaning("ssh_key_accepted", "authentication", "start", "success")
_EXCEEDED = meaning("ssh_max_attempts", "authentication session", "end", "failure")
_TIMEOUT = meaning("ssh_timeout", "authentication", "end", "failure")
_OPEN = meaning("ssh_connection", "network", "start", "success")
_DROPPED = meaning("ssh_connection_refused", "network", "denied", "failure")
_CLOSED = meaning("ssh_disconnect", "network", "end", "success")
_CUT = meaning("ssh_disconnect", "network", "end", "failure")
_THROWN_OUT = meaning("ssh_disconnect", "authentication", "end", "failure")
_PROTOCOL = meaning("ssh_negotiation", "network", "protocol", "failure")
_NEGOTIATION = meaning("ssh_negotiation", "network session", "end protocol", "failure")
_SESSION = meaning("ssh_session", "session", "start", "success")
_SESSION_END = meaning("ssh_session", "session", "end", "success")
_SESSION_FAILED = meaning("ssh_session", "session", "end", "failure")
_SERVER_START = meaning("ssh_server_started", "process", "start", "success")
_SERVER_END = meaning("ssh_server_stopped", "process", "end", "success")
_SERVER_FAILED = meaning("ssh_server_failed", "process", "end", "failure")
_DNS = meaning("ssh_reverse_mapping", "network", "info", "failure")
_FORWARD = meaning("ssh_forwarding", "network", "connection", "failure")

_LOGINS = [
    # auth.c, auth_log: "%s %s%s%s for %s%.100s from %.200s port %d ssh2%s%s"
    message("Accepted", f"Accepted {_LOGIN}", _ACCEPTED, system__auth__ssh__event="Accepted"),
    message("Failed", f"Failed {_LOGIN}", _REFUSED, system__auth__ssh__event="Failed"),
    message("Postponed", f"Postponed {_LOGIN}", _PENDING, system__auth__ssh__event="Postponed"),
    message("Partial", f"Partial {_LOGIN}", _PENDING, system__auth__ssh__event="Partial"),
    # Modules that write in sshd's name without the peer: "Accepted google_authenticator for %s"
    message("Accepted", r"Accepted (?P<method>\S{1,64}) for (?P<user>\S.*)", _ACCEPTED),
    message("Failed", r"Failed (?P<method>\S{1,64}) for (?P<user>\S.*)", _REFUSED),
    # auth2-pubkeyfile.c: "Accepted key %s %s found at %s:%lu", "Accepted certificate ID ..."; before: "Found
    # matching ..."
    message("Accepted", r"Accepted key (?P<signature>\S{1,64} \S{1,200}) found at (?P<key_file>.*):\d{1,9}", _KEY),
    message("Accepted", r"Accepted (?P<signature>(?:certificate|CA|cert) .*)", _KEY),
    message("Found", r"Found matching (?P<signature>\S{1,64} key: .*)", _KEY),
    # auth.c, getpwnamallow: "Invalid user %.100s from %.100s port %d" (before 3.9: "Illegal user")
    message(
        "Invalid|Illegal",
        rf"(?:Invalid|Illegal) user (?P<user>.*) from {_PEER}",
        _REFUSED,
        system__auth__ssh__event="Invalid",
    ),
    # auth2.c: "input_userauth_request: invalid user %s"
    message(
        "input_userauth_request:",
        r"input_userauth_request: (?:invalid|illegal) user ?(?P<user>.*)",
        _REFUSED,
        system__auth__ssh__event="Invalid",
    ),
    # auth.c, allowed_user: "User %.100s from %.100s not allowed because %s", "User %.100s not allowed because ..."
    message("User", rf"User (?P<user>.*) from {_AT} not allowed because (?P<reason>[a-z].*)", _REFUSED),
    message("User", r"User (?P<user>.*) not allowed because (?P<reason>[a-z].*)", _REFUSED),
    # auth-shadow.c: "User %.100s password has expired ...", "Account %.100s has expired"
    message("User|Account", r"\w{4,7} (?P<user>\S{1,256}) (?P<reason>(?:password )?has expired.*)", _REFUSED),
    # auth.c, allowed_user: "Could not get shadow information for %.100s"; NOUSER stands for accounts that are none
    message("Could", r"(?P<reason>Could not get shadow information) for (?:NOUSER|(?P<user>\S{1,256}))", _REFUSED),
    # auth.c, auth_root_allowed: "ROOT LOGIN REFUSED FROM %.200s port %d", "Root login accepted for forced command."
    message("ROOT", f"ROOT LOGIN REFUSED FROM {_PEER}", _REFUSED, user__name="root"),
    message("Root", r"Root login accepted for forced command\.", _ACCEPTED, user__name="root"),
    # auth.c, auth_maxtries_exceeded: "maximum authentication attempts exceeded for %s%.100s from %.200s port %d ssh2"
    message(
        "maximum|Maximum",
        rf"(?P<reason>[Mm]aximum authentication attempts exceeded) for {_INVALID}(?P<user>.*) from {_PEER}"
        r"(?: (?P<protocol>ssh\d?))?",
        _EXCEEDED,
    ),
    # auth.c before 6.7: "Too many authentication failures for %.100s"
    message("Too", rf"(?P<reason>Too many authentication failures)(?: for {_INVALID}(?P<user>.*))?", _EXCEEDED),
    # auth-options.c: "Authentication tried for %.100s with correct key but not from a permitted host (host=...,
    # ip=...)"
    message(
        "Authentication",
        r"Authentication tried for (?P<user>.*) with (?P<reason>(?:correct key|valid certificate) but not from a "
        r"permitted (?:host|source address)) \((?:host=[^\s,]{1,255}, ip=)?(?P<address>[^\s,)]{1,255})[^)]{0,256}\).?",
        _REFUSED,
    ),
    # auth.c, auth_debug: "Authentication refused: %s"
    message("Authentication", r"Authentication refused: (?P<reason>.*)", _REFUSED),
    # auth-pam.c: "PAM: %s for %s%.100s from %.100s"; "Access denied for user %s by PAM account configuration"
    message("PAM:", rf"PAM: (?P<reason>[A-Z].*?) for {_INVALID}(?P<user>\S{{0,256}}) from {_PEER}", _REFUSED),
    message("PAM:", r"PAM: (?P<reason>.*)", _SESSION_FAILED),
    message("Access", r"Access denied for user (?P<user>.*) by (?P<reason>PAM account configuration)", _REFUSED),
    # auth2.c: "Change of username or service not allowed: (%s,%s) -> (%s,%s)"
    message(
        "Change",
        r"(?P<reason>Change of username or service not allowed): \((?P<user>[^,]{0,256}),[^)]{0,256}\) -> .*",
        _REFUSED,
    ),
    # auth2-pubkey.c, auth2-hostbased.c: "userauth_pubkey: key type %s not in ...", "Certificate invalid: %s"
    message("userauth_pubkey:|userauth_hostbased", r"userauth_\w{4,12}:? (?P<reason>.*)", _REFUSED),
    message("Certificate", r"(?P<reason>Certificate (?:invalid:|ID) .*)", _REFUSED),
    # gss-serv-krb5.c: "Authorized to %s, krb5 principal %s (%s)"
    message("Authorized", r"Authorized to (?P<user>[^,]{1,256}), krb5 principal (?P<signature>.*)", _KEY),
    # auth.c on AIX: "Login restricted for %s: %s"
    message("Login", r"Login restricted for (?P<user>[^:]{1,256}): (?P<reason>.*)", _REFUSED),
    # sshd.c, grace_alarm_handler: "Timeout before authentication for %s port %d", since 9.8 "for connection from %s
    # to %s"
    message(
        "Timeout",
        r"(?P<reason>Timeout before authentication) for connection from (?P<address>[^\s,]{1,255}) to "
        r"(?P<target>[^\s,]{1,255})(?:, pid = (?P<child>\d{1,10}))?",
        _TIMEOUT,
    ),
    message("Timeout", rf"(?P<reason>Timeout before authentication) for {_PEER}\.?", _TIMEOUT),
]

_CONNECTIONS = [
    # sshd-session.c: "Connection from %s port %d on %s port %d[ rdomain "%s"]"
    message(
        "Connection",
        rf"Connection from {_PEER}(?: on (?P<target>\S{{1,255}}) port (?P<target_port>\d{{1,5}}))?(?: rdomain .*)?",
        _OPEN,
    ),
    # packet.c, sshpkt_vfatal: "Connection closed by %s", "Connection reset by %s"; the peer is "[invalid user u ]a
    # port p"
    message("Connection", rf"Connection closed by {_WHO}{_AT}{_PORT}", _CLOSED),
    message("Connection", rf"Connection closed by {_PEER}", _CLOSED),
    message("Connection", rf"(?P<reason>Connection reset) by {_WHO}{_AT}{_PORT}", _CLOSED),
    message("Connection", rf"(?P<reason>Connection reset) by (?:peer|{_PEER})", _CLOSED),
    message("Connection", r"Connection closed", _CLOSED),
    # serverloop.c: "Closing connection to %.500s port %d"; "Exiting on signal %d"
    message("Closing", rf"Closing connection to {_PEER}", _CLOSED),
    # packet.c: "Disconnected from %s"
    message("Disconnected", rf"Disconnected from {_WHO}{_AT}{_PORT}", _CLOSED),
    message("Disconnected", rf"Disconnected from {_PEER}", _CLOSED),
    # packet.c: "Received disconnect from %s port %d:%u: %.400s" (before 7.2: "from %s: %u: %.400s")
    message("Received", rf"Received disconnect from {_COLON_PEER}: ?(?P<code>\d{{1,9}}): *(?P<reason>.*)", _CLOSED),
    # packet.c, ssh_packet_disconnect: "Disconnecting %s: %.100s" (before 7.4: "Disconnecting: %.100s")
    message(
        "Disconnecting", rf"Disconnecting {_WHO}{_AT}{_PORT}: (?P<reason>(?:[A-Z][a-z ]{{1,64}}: )?[^:]*)", _THROWN_OUT
    ),
    message("Disconnecting", rf"Disconnecting {_COLON_PEER}: (?P<reason>Too many authentication.*)", _THROWN_OUT),
    message("Disconnecting", rf"Disconnecting {_COLON_PEER}: (?P<reason>.*)", _CUT),
    message(
        "Disconnecting:",
        rf"Disconnecting: (?P<reason>Too many authentication failures)(?: for {_INVALID}(?P<user>.*))?",
        _THROWN_OUT,
    ),
    message("Disconnecting:", r"Disconnecting: (?P<reason>.*)", _CUT),
    # serverloop.c: "Timeout, client not responding[ from %s]."
    message("Timeout,", rf"Timeout, (?P<reason>client not responding) from {_WHO}{_AT}{_PORT}", _CUT),
    message("Timeout,", rf"Timeout, (?P<reason>client not responding)(?: from {_PEER})?\.?", _CUT),
    # packet.c: "Read error from remote host %s port %d: %.100s"; "Read from socket failed: %s"; "Write failed: %s"
    message("Read", rf"Read error from remote host {_COLON_PEER}: (?P<reason>.*)", _CUT),
    message("Read|Write", r"(?P<reason>Read from socket failed: .*|Write failed: .*)", _CUT),
    # packet.c: "packet_write_wait: Connection to %s port %d: Broken pipe"
    message(
        "packet_write_wait:", rf"packet_write_\w{{4,6}}: Connection (?:to|from) {_COLON_PEER}: (?P<reason>.*)", _CUT
    ),
    # hosts_access(5), TCP wrappers: "refused connect from %s"; the client is "host (address)" or "user@host (address)"
    message(
        "refused",
        r"refused connect from (?:[^\s@]{1,255}@)?(?:(?P<name>[A-Za-z0-9_][\w.\-]{0,252}[A-Za-z])|\S{1,512}) "
        r"\((?P<address>[^\s()]{1,255})\)",
        _DROPPED,
    ),
    message("refused", rf"refused connect from {_AT}", _DROPPED),
    # sshd.c, drop_connection: "drop connection #%d from [%s]:%d on [%s]:%d past MaxStartups"; 9.8: "penalty: %s"
    message(
        "drop",
        r"drop connection #\d{1,9} from \[(?P<address>[^\s\]]{1,255})\]:(?P<port>\d{1,5}) "
        r"on \[(?P<target>[^\s\]]{1,255})\]:(?P<target_port>\d{1,5}) \[?(?P<reason>[^\]]*)\]?",
        _DROPPED,
    ),
    # sshd.c: "beginning MaxStartups throttling", "exited MaxStartups throttling after %s, %u connections dropped"
    message("beginning|exited", r"(?P<reason>(?:beginning|exited) MaxStartups throttling.*)", _DROPPED),
    # srclimit.c: "%s: new %s %s penalty of %d seconds for %s"
    message(
        "srclimit_penalise:|ipv4:|ipv6:|new",
        r"(?:srclimit_penalise: )?(?:ipv[46]: )?new (?P<address>[0-9A-Fa-f:.]{2,45})/\d{1,3} "
        r"(?P<reason>.{1,16}penalty of \d.*)",
        _DROPPED,
    ),
]

_PROTOCOLS = [
    # packet.c: "Unable to negotiate with %s: %s. Their offer: %s"
    message("Unable", rf"Unable to negotiate with {_WHO}{_AT}{_PORT}: (?P<reason>[^:]*)(?:: .*)?", _NEGOTIATION),
    message("Unable", rf"Unable to negotiate with {_COLON_PEER}: (?P<reason>.*)", _NEGOTIATION),
    message("Unable", r"(?P<reason>Unable to negotiate a key exchange method.*)", _NEGOTIATION),
    # kex.c before 7.0: "no matching %s found: client %s server %s", "no hostkey alg"
    message("no", r"(?P<reason>no (?:matching|hostkey alg|kex alg).*)", _NEGOTIATION),
    # sshd.c: "Bad protocol version identification '%.200s' from %s port %d"
    message(
        "Bad", rf"(?P<reason>Bad protocol version) identification '(?P<client_version>.*)' from {_PEER}", _PROTOCOL
    ),
    # sshd.c: "Protocol major versions differ for %s port %d: %.200s vs. %.200s"
    message("Protocol", rf"(?P<reason>Protocol major versions differ) for {_COLON_PEER}: .*", _PROTOCOL),
    # sshd.c: "Did not receive identification string from %s port %d"
    message("Did", rf"(?P<reason>Did not receive identification string) from {_PEER}", _PROTOCOL),
    # sshd.c: "probed from %s port %d with %s.  Don't panic.", "scanned from %s with %s.  Don't panic."
    message("probed|scanned", rf"(?P<reason>probed|scanned) from {_PEER} with (?P<client_version>.*)", _PROTOCOL),
    # kex.c, since 8.0: "banner exchange: Connection from %s port %d: %s"
    message("banner", rf"banner exchange: Connection from {_COLON_PEER}: (?P<reason>.*)", _PROTOCOL),
    # dispatch.c, ssh_dispatch_run_fatal: "%s: Connection from %s: %s", the peer may be "invalid user u a port p"
    message(
        "ssh_dispatch_run_fatal:",
        rf"ssh_dispatch_run_fatal: Connection (?:from|to) {_WHO}{_AT}{_PORT}: (?P<reason>[^:]*)",
        _PROTOCOL,
    ),
    message(
        "ssh_dispatch_run_fatal:",
        rf"ssh_dispatch_run_fatal: Connection (?:from|to) {_COLON_PEER}: (?P<reason>.*)",
        _PROTOCOL,
    ),
    message("ssh_dispatch_run_fatal:", r"ssh_dispatch_run_fatal: (?P<reason>.*)", _PROTOCOL),
    # packet.c: "ssh_packet_...: Connection from %s: %s"; a patched handshake: "Magic value check failed (%u) on ...
    # from"
    message(
        "Magic", rf"(?P<reason>Magic value check failed) \(\d{{1,10}}\) on obfuscated handshake from {_PEER}", _PROTOCOL
    ),
    # kex.c: "kex_exchange_identification: %s", "kex_protocol_error: type %d seq %u"; before 6.x: "Hm, kex protocol
    # error"
    message(
        "kex_exchange_identification:|ssh_exchange_identification:",
        r"\w{5,30}: client sent invalid protocol identifier \"(?P<client_version>.*)\"",
        _NEGOTIATION,
        event__reason="client sent invalid protocol identifier",
    ),
    message(
        "kex_exchange_identification:|ssh_exchange_identification:|kex_protocol_error:|dispatch_protocol_error:|Hm,",
        r"(?:\w{3,30}:|Hm,) (?P<reason>.*)",
        _NEGOTIATION,
    ),
    # packet.c, kex.c: what a broken or hostile peer causes
    message(
        "Corrupted|Bad|padding|Packet|Protocol|bad|invalid|packet_read_poll2",
        r"(?P<reason>(?:Corrupted MAC|Bad packet length|padding error|Packet (?:corrupt|integrity)|Protocol error|"
        r"[Bb]ad (?:packet|client|decrypted)|invalid (?:format|packet)).*)",
        _PROTOCOL,
    ),
]

_SESSIONS = [
    # session.c, do_exec: "Starting session: %s%s%s for %s from %.200s port %d id %d"
    message(
        "Starting",
        rf"Starting session: (?:subsystem '(?P<subsystem>[^']{{1,64}})'|command|shell|forced-command "
        rf"\([^)]{{1,64}}\) .*?)"
        rf"(?: on (?P<tty>\S{{1,64}}))? for (?P<user>\S{{1,256}}) from {_PEER}(?: id \d{{1,6}})?",
        _SESSION,
    ),
    # session.c, session_close: "Close session: user %s from %.200s port %d id %d"
    message("Close", rf"Close session: user (?P<user>.*) from {_PEER}(?: id \d{{1,6}})?", _SESSION_END),
    # sshd-session.c, privsep_postauth: "User child is on pid %ld"
    message("User", r"User child is on pid (?P<child>\d{1,10})", _SESSION),
    # session.c, session_subsystem_req: "subsystem request for %.100s by user %s"; "... failed, subsystem not found"
    message(
        "subsystem",
        r"subsystem request for (?P<subsystem>\S{1,64})(?P<reason> failed, subsystem not found)(?: by user .*)?",
        _SESSION_FAILED,
    ),
    message("subsystem", r"subsystem request for (?P<subsystem>\S{1,64})(?: by user (?P<user>.*))?", _SESSION),
    # sshd.c: "Transferred: sent %llu, received %llu bytes"; serverloop.c: "Exiting on signal %d"
    message(
        "Transferred:",
        r"Transferred: sent (?P<sent>\d{1,18}), received (?P<received>\d{1,18}) bytes",
        _SESSION_END,
    ),
    message("Exiting", r"(?P<reason>Exiting on signal .*)", _SESSION_END),
]

_SERVER = [
    # sshd.c: "Server listening on %s port %s."; "Received signal %d; terminating."; "Received SIGHUP; restarting."
    message("Server", r"Server listening on (?P<target>\S{1,255}) port (?P<target_port>\d{1,5})\.?.*", _SERVER_START),
    message("Received|Server", r"(?P<reason>Received signal \d{1,3}; terminating\.|Server terminating\.)", _SERVER_END),
    message("Received", r"(?P<reason>Received SIGHUP; restarting\.)", _SERVER_START),
    # sshd.c: "Bind to port %s on %s failed: %.200s."; "Cannot bind any address."; "sshd: no hostkeys available --
    # exiting."
    message(
        "Bind|Cannot|no",
        r"(?P<reason>Bind to port .* failed: .*|Cannot bind any address\.|no hostkeys available .*)",
        _SERVER_FAILED,
    ),
    # canohost.c: "reverse mapping checking getaddrinfo for %.700s [%s] failed."; "Address %.100s maps to %.600s, but
    # ..."
    message(
        "reverse",
        r"(?P<reason>reverse mapping checking getaddrinfo) for (?P<name>\S{1,700}) \[(?P<address>[^\s\]]{1,255})\] "
        r"failed.*",
        _DNS,
    ),
    message(
        "Address",
        r"Address (?P<address>\S{1,255}) maps to (?P<name>\S{1,700}), but (?P<reason>this does not map back.*)",
        _DNS,
    ),
    message(
        "Nasty",
        r"(?P<reason>Nasty PTR record) \"(?P<name>[^\"]{0,700})\" is set up for (?P<address>\S{1,255}), .*",
        _DNS,
    ),
    # channels.c: "connect_to %.100s port %d: failed."; serverloop.c: "refused local port forward: originator %s port
    # %d, ..."
    message(
        "connect_to",
        r"connect_to (?P<target>[^\s:]{1,255}|[0-9A-Fa-f:.]{2,45})(?: port (?P<target_port>\d{1,5}))?: (?P<reason>.*)",
        _FORWARD,
    ),
    message(
        "refused|Received",
        r"(?:refused \w{4,12} port forward: originator|Received request from) (?P<address>\S{1,255}) port "
        r"(?P<port>\d{1,5})"
        r"(?:, target| to connect to host) (?P<target>\S{1,255}) port (?P<target_port>\d{1,5})(?P<reason>.*)",
        _FORWARD,
    ),
]

_DROPBEAR = [
    # dropbear's svr-authpasswd.c and svr-authpubkey.c: "Password auth succeeded for '%s' from %s"; the peer is
    # "address:port"
    message(
        "Password|Pubkey|PAM",
        r"(?P<method>Password|Pubkey|PAM password) auth succeeded for '(?P<user>.*)' (?:with .{1,200} )?"
        r"from (?P<address>\S{1,255}):(?P<port>\d{1,5})",
        _ACCEPTED,
    ),
    message(
        "Bad|Login",
        r"(?:Bad (?:PAM )?(?P<method>password) attempt for '(?P<user>.*)'|Login attempt (?:for nonexistent "
        r"user|with wrong user"
        r" .{1,256})) from (?P<address>\S{1,255}):(?P<port>\d{1,5})",
        _REFUSED,
    ),
    message("Child", r"Child connection from (?P<address>\S{1,255}):(?P<port>\d{1,5})", _OPEN),
    message(
        "Exit",
        r"Exit before auth(?: from <(?P<address>\S{1,255}):(?P<port>\d{1,5})>)?(?: \(user '[^']{0,256}', \d{1,6} "
        r"fails\))?: "
        r"(?:\(user '(?P<user>[^']{0,256})', \d{1,6} fails\): )?(?P<reason>.*)",
        _CUT,
    ),
    message("Exit", r"Exit \((?P<user>[^)]{1,256})\)(?: from <\S{1,260}>)?: (?P<reason>.*)", _CLOSED),
]

_TABLE = Table([*_LOGINS, *_CONNECTIONS, *_PROTOCOLS, *_SESSIONS, *_SERVER, *_DROPBEAR])
_LEVEL = re.compile(r"(?:error|fatal|debug[123]|mm_\w{1,30}): ")  # log.c, do_log: what precedes a message of that level
_REPEATED = re.compile(r"message repeated (?P<count>\d{1,9}) times: \[ ?(?P<message>.*)\]", re.DOTALL | re.ASCII)


def read_sshd(text: str, fields: Fields) -> bool:
    """Add what a message of sshd says to the fields; tell whether it is known.

    A level before it (`error: `) and the phase after it (` [preauth]`) are set aside; `fatal` and `error` are kept as
    `log.level`. Of a message that rsyslog folded (`message repeated 3 times: [ ... ]`) the inner one is read, and
    `system.auth.repeated` says how often.
    """
    if text.startswith("message repeated ") and (folded := _REPEATED.fullmatch(text)):
        fields["system.auth.repeated"] = int(folded["count"])
        text = folded["message"]
    if text.endswith("]"):
        text = text.removesuffix("[preauth]").removesuffix("[postauth]")
    text = text.strip()
    while level := _LEVEL.match(text):
        fields["log.level"] = level[0][:-2]
        text = text[level.end() :]
    return _TABLE.read(text, fields) is not None
