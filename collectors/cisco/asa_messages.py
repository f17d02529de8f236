"""The messages of Cisco ASA and FTD: which fields stand where, by message id.

From "Cisco Secure Firewall ASA Series Syslog Messages" and "Cisco Secure Firewall Threat Defense Syslog Messages"
(cisco.com). A template is the message's text with fields in braces (`asa_templates`); it matches from the message's
beginning, and what follows it is of no interest. Of several templates the first that matches counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_VPN = "Group <{group}> User <{user}> IP <{peer}>"
_VPN_BARE = "Group {group_word} User {user_word} IP {peer_bare}"
_IKE = (
    "Group = {group}, Username = {user}, IP = {peer_bare},",
    "Group = {group}, IP = {peer_bare},",
    "Username = {user}, IP = {peer_bare},",
    "IP = {peer_bare},",
)
_BUILT = (
    "Built {dir} {proto} connection {id} for {src}{src_nat} to {dst}{dst_nat}",
    "Built {dir} {proto} connection {id} from {src}{src_nat} to {dst}{dst_nat}",
    "Built {proto} connection {id} for {src}{src_nat} to {dst}{dst_nat}",
    "Built {proto} state-bypass connection {id} from {src}{src_nat} to {dst}{dst_nat}",
)
_TEARDOWN = (
    "Teardown {proto} connection {id} for {src} to {dst} duration {duration} bytes {bytes} {rest}",
    "Teardown {proto} connection {id} for {src} to {dst} duration {duration} bytes {bytes}",
    "Teardown {proto} connection {id} from {src}{src_nat} to {dst}{dst_nat} duration {duration} bytes {bytes} {rest}",
    "Teardown {proto} connection {id} from {src}{src_nat} to {dst}{dst_nat} duration {duration} bytes {bytes}",
    "Teardown {proto} state-bypass connection {id} from {src} to {dst} duration {duration} bytes {bytes} {rest}",
    "Teardown {proto} connection {id} for {src} {src_account} to {dst} {dst_account} duration {duration} bytes {bytes}",
    "Teardown {proto} connection {id} for {src} to {dst}",
)
_ICMP = (
    " ICMP connection for faddr {faddr} gaddr {gaddr} laddr {laddr} ({last_user}) type {icmp_type} code {icmp_code}",
    " ICMP connection for faddr {faddr} gaddr {gaddr} laddr {laddr} type {icmp_type} code {icmp_code}",
    " ICMP connection for faddr {faddr} gaddr {gaddr} laddr {laddr}",
)
_STUB = (
    "Built {role} stub {proto} connection for {src}{src_nat} to {dst}{dst_nat}",
    "Built {role} stub {proto} connection for {src} to {dst}",
    "Teardown stub {proto} connection for {src} to {dst} duration {duration} forwarded bytes {bytes} {rest}",
    "Teardown stub {proto} connection for {src} to {dst}",
)
_ACL = (
    "access-list {acl} {verdict} {proto} for user {user_quoted} {acl_src} -> {acl_dst}",
    "access-list {acl} {verdict} {proto} {acl_src} -> {acl_dst}",
)
_FILTERED = "Dynamic Filter {verdict} {listing} {proto} traffic from {src}{src_nat} to {dst}{dst_nat}"
_RESOLVED = _FILTERED + ", {which} {what} resolved from {list} list: {listed}"
_LISTED = (
    _RESOLVED + ", threat-level: {threat_level}, category: {threat_category}",
    _RESOLVED,
    _FILTERED,
)
_AAA = " : server = {dst_word} : user = {user_rest}"
_AAA_AT = " : server = {dst_word} : user = {user_claimed} : user IP = {src_word}"
_AUTH = " for user '{user_claimed}' from {src} to {dst} on interface {src_if}"
_HANDSHAKE = (
    " {peer_role} {src} to {dst} for {tls_name} session",
    " {peer_role} {src} for {tls_name} session",
    " {peer_role} {src} to {dst}",
    " {peer_role} {src}",
)
_LOCAL_REMOTE = (
    "Local:{local_end} Remote:{remote_end} Username:{user_word} {ike_text} due to ERROR: {reason}",
    "Local:{local_end} Remote:{remote_end} Username:{user_word} {ike_text} Reason: {reason}",
    "Local:{local_end} Remote:{remote_end} Username:{user_word}",
)
_WITH_USER = (
    "IPSEC: An {sa_direction} {sa_kind} SA (SPI= {spi}) between {src} and {dst} (user= {user_paren}) has been {done}",
)


def _each(ids: str, *templates: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(ids.split(), templates)


TEMPLATES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    **_each("106001", "{dir} {proto} connection denied from {src} to {dst} flags {flags} on interface {src_if}",
            "{dir} {proto} connection denied from {src} to {dst}"),
    **_each("106002", "{proto} Connection denied by outbound list {acl} src {src} dest {dst}"),
    **_each("106006 106007", "Deny {dir} {proto} from {src} to {dst} on interface {src_if}",
            "Deny {dir} {proto} from {src} to {dst} due to {reason}", "Deny {dir} {proto} from {src} to {dst}"),
    **_each("106010 106014", "Deny {dir} protocol {proto} src {src} dst {dst}",
            "Deny {dir} {proto} src {src} dst {dst} (type {icmp_type}, code {icmp_code})",
            "Deny {dir} {proto} src {src} dst {dst}"),
    **_each("106011", "Deny {dir} (No xlate) {proto} src {src} dst {dst}", "Deny {dir} {proto} src {src} dst {dst}"),
    **_each("106012", "Deny IP from {src} to {dst}, {reason}"),
    **_each("106013", "Dropping echo request from {src} to PAT address {dst}"),
    **_each("106015", "Deny {proto} (no connection) from {src} to {dst} flags {flags_rest} on interface {src_if}",
            "Deny {proto} (no connection) from {src} to {dst}"),
    **_each("106016", "Deny IP spoof from ({src}) to {dst} on interface {src_if}"),
    **_each("106017", "Deny IP due to Land Attack from {src} to {dst}"),
    **_each("106018", "{proto} packet type {icmp_type} denied by outbound list {acl} src {src} dest {dst}"),
    **_each("106020", "Deny IP teardrop fragment ({fragment}) from {src} to {dst}"),
    **_each("106021 106022", "Deny {proto} reverse path check from {src} to {dst} on interface {src_if}",
            "Deny {proto} connection spoof from {src} to {dst} on interface {src_if}"),
    **_each("106023", "Deny {proto} src {src} dst {dst} (type {icmp_type}, code {icmp_code}) by access-group {acl}",
            "Deny {proto} src {src} dst {dst} type {icmp_type}, code {icmp_code}, by access-group {acl}",
            "Deny {proto} src {src} dst {dst} by access-group {acl}",
            "Deny protocol {proto} src {src} dst {dst} by access-group {acl}", "Deny {proto} src {src} dst {dst}"),
    **_each("106027", *(f"{head}Deny src {ends} by access-group {{acl}}" for head in ("", "{list_id}: ")
                        for ends in ("{src_at}:{src_mac} dst {dst_at}:{dst_mac}", "{src} dst {dst}"))),
    **_each("106100 106101 106102 106103", *_ACL),
    **_each("108003", "Terminating ESMTP/SMTP connection; {reason_from} from {src} to {dst}. Data: {rest}",
            "Terminating ESMTP/SMTP connection; {reason_from} from {src} to {dst}"),
    **_each("108004 108005 108006 108007", "{app_text}: {reason_from} from {src} to {dst}; {rest}"),
    **_each("107001 107002", "RIP auth failed from {src_word}", "RIP pkt failed from {src_word}"),
    **_each("109001", "Auth start for user '{user}' from {src} to {dst}"),
    **_each("109002 109003 109010", "Auth from {src} to {dst} failed ({reason_paren}) on interface {src_if}"),
    **_each("109005", "Authentication succeeded" + _AUTH), **_each("109006", "Authentication failed" + _AUTH),
    **_each("109007", "Authorization permitted" + _AUTH),
    **_each("109008 109024 109025", "Authorization denied" + _AUTH, "Authorization denied (acl={acl_paren})" + _AUTH,
            "Authorization denied from {src} to {dst}"),
    **_each("109011 109012", "Authen Session {verb}: user '{user}', sid {id}"),
    **_each("109031", "NT Domain Authentication Failed: rejecting guest login for {user_word}"),
    **_each("109032", "Unable to install ACL {acl_word}, downloaded for user {user_word}"),
    **_each("109033 109034", "Authentication failed for {who} user {user_claimed} from {src_word}"),
    **_each("110002", "Failed to locate egress interface for {proto} from {src} to {dst}"),
    **_each("110003", *(f"Routing failed to locate {what} for {{proto}} from {{src}} to {{dst}}"
                        for what in ("next hop", "next-hop"))),
    **_each("111001 111002 111007", "Begin configuration: {src_word} {rest}"),
    **_each("111003", "{src_word} Erase configuration"),
    **_each("111004 111005", "{src_word} end configuration: {result}"),
    **_each("111008", "User '{actor}' executed the '{command_quoted}' command"),
    **_each("111009", "User '{actor}' executed cmd: {command}"),
    **_each("111010", "User '{actor}', running '{app}' from IP {src_word}, executed '{command_quoted}'"),
    **_each("113003", "AAA group policy for user {user_word} is being set to {group_word}"),
    **_each("113004", "AAA user {aaa} Successful" + _AAA),
    **_each("113005 113016", "AAA user {aaa} Rejected : reason = {reason_colon}" + _AAA_AT,
            "AAA user {aaa} Rejected : reason = {reason_colon}" + _AAA,
            "AAA credentials rejected : reason = {reason_colon}" + _AAA_AT,
            "AAA credentials rejected : reason = {reason_colon}" + _AAA),
    **_each("113006", "User {user_word} locked out on exceeding {count} successive failed authentication attempts"),
    **_each("113007", "User {user_word} unlocked by {who}"),
    **_each("113008", "AAA transaction status ACCEPT : user = {user_rest}"),
    **_each("113009", "AAA retrieved default group policy ({group_paren}) for user = {user_rest}",
            "AAA retrieved default group policy {group_word} for user {user_word}"),
    **_each("113010", "AAA challenge received for user {user_word} from server {dst_word}"),
    **_each("113011", "AAA retrieved user specific group policy ({group_paren}) for user = {user_rest}"),
    **_each("113012", "AAA user authentication Successful : local database : user = {user_rest}"),
    **_each("113013", "AAA unable to complete the request Error : reason = {reason_colon} : user = {user_rest}"),
    **_each("113014", "AAA authentication server not accessible" + _AAA),
    **_each("113015 113017",
            "AAA user {aaa} Rejected : reason = {reason_colon} : local database : user = {user_claimed}"
            " : user IP = {src_word}",
            "AAA user {aaa} Rejected : reason = {reason_colon} : local database : user = {user_rest}",
            "AAA credentials rejected : reason = {reason_colon} : local database : user = {user_rest}"),
    **_each("113019", "Group = {group}, Username = {user}, IP = {vpn_end}, Session disconnected. Session Type:"
            " {session_type}, Duration: {vpn_duration}, Bytes xmt: {sent}, Bytes rcv: {received}, Reason: {reason}"),
    **_each("113021", "Attempted console login failed. User {user_word} did NOT have"),
    **_each("113022 113023", "AAA Marking {aaa} server {dst_word} in aaa-server group {server_group} as {result}"),
    **_each("113029 113030 113031 113032 113033 113034 113035 113036 113038 113039", _VPN, _VPN_BARE),
    **_each("113040", _VPN + " Terminating the VPN connection attempt from <{object}>. Reason: {reason}",
            "Terminating the VPN connection attempt from {group_word}. Reason: {reason}"),
    **_each("113042", "Non-HTTP connection from {src} to {dst} denied by redirect filter"),
    **_each("199001", "Reload command executed from {who} (remote {src_paren})"),
    **_each("199019", "{inner_stamp} {inner_process}[{inner_pid}]: {inner_text}"),
    **_each("201010 201011 201012 201013",
            "{limit} exceeded {counts} for {dir} packet from {src} to {dst} on interface {src_if}"),
    **_each("202010", *(f"{kind} exhausted. Unable to create {{proto}} connection from {{src}} to {{dst}}"
                        for kind in ("NAT pool", "PAT pool", "[NAT | PAT] pool"))),
    **_each("209003", "Fragment database limit of {count} exceeded: src = {src_word}, dest = {dst_word},"
            " proto = {proto}"),
    **_each("209004 209005", "Invalid IP fragment, {fragment}: src = {src_word}, dest = {dst_word}, proto = {proto}",
            "Discard IP fragment set with more than {count} elements: src = {src_word}, dest = {dst_word},"
            " proto = {proto}"),
    **_each("302003", "Built {app_word} connection for {foreign_end} local_address {src}"),
    **_each("302004", "Pre-allocate {app_word} {proto} backconnection for {foreign_end} to local_address {src}"),
    **_each("302012", "Pre-allocate {app_word} {app_text} Connection for faddr {dst} to laddr {src}"),
    **_each("302013 302015 302017 302035 302303 302305", *_BUILT),
    **_each("302014 302016 302018 302036 302304 302306", *_TEARDOWN),
    **_each("302020", *(f"Built {{dir}}{tail}" for tail in _ICMP)),
    **_each("302021", *(f"Teardown{tail}" for tail in _ICMP)),
    **_each("302022 302023 302024 302025 302026 302027", *_STUB),
    **_each("302033", "Pre-allocated {app_word} Connection for faddr {dst} to laddr {src}",
            "Pre-allocated {app_word} {app_text} Connection for faddr {dst} to laddr {src}"),
    **_each("303002", "FTP connection from {src} to {dst}, user {client_user} {ftp_verb} file {file}"),
    **_each("303004", "FTP {ftp_verb} command unsupported - failed strict inspection, terminating connection from"
            " {src} to {dst}"),
    **_each("303005", "Strict FTP inspection matched {rest_from} from {src} to {dst}"),
    **_each("304001", *(f"{who} Accessed {what} {whose}{{url_host}}:{{url}}" for what in ("URL", "JAVA URL")
                        for who in ("{user_at}@{src}", "{src}") for whose in ("{url_user}@", ""))),
    **_each("304002", "Access denied URL {url} SRC {src_word} DEST {dst_word} on interface {src_if}",
            "Access denied URL {url} SRC {src_word} DEST {dst_word}"),
    **_each("304003 304004", "URL Server {dst_word} timed out URL {url}",
            "URL Server {dst_word} request failed URL {url}"),
    **_each("305005", "No translation group found for {proto} src {src} dst {dst}"),
    **_each("305006", "{nat_kind} translation creation failed for {proto} src {src} dst {dst}"),
    **_each("305009", "Built {nat_kind} translation from {src} to {dst}"),
    **_each("305010", "Teardown {nat_kind} translation from {src} to {dst} duration {duration}"),
    **_each("305011", "Built {nat_kind} {proto} translation from {src} to {dst}"),
    **_each("305012", "Teardown {nat_kind} {proto} translation from {src} to {dst} duration {duration}"),
    **_each("305013", "Asymmetric NAT rules matched for forward and reverse flows; Connection for {proto} src {src}"
            " dst {dst} denied due to {reason}"),
    **_each("305014 305015", *(f"{verb} {{proto}} block of ports for translation from {{src}} to {{dst}}"
                               for verb in ("Allocated", "Released"))),
    **_each("305016", "Unable to create {proto} connection from {src} to {dst} due to {reason}"),
    **_each("305017", "Pba-interim-logging: Active {proto} block of ports for translation from {src} to {dst}"),
    **_each("308001", "console enable password incorrect for {count} tries (from {src_paren})"),
    **_each("313001 313008", "Denied {proto} type={icmp_type}, code={icmp_code} from {src_word} on interface {src_if}"),
    **_each("313004", "Denied {proto} type={icmp_type}, from laddr {src_word} on interface {src_if} to {dst_word}",
            "Denied {proto} type={icmp_type}, from {src_word} on interface {src_if} to {dst_word}"),
    **_each("313005", "No matching connection for ICMP error message: {proto} src {src} dst {dst} (type {icmp_type},"
            " code {icmp_code}) on {src_if} interface. Original IP payload: {payload}",
            "No matching connection for ICMP error message: {proto} src {src} dst {dst}"),
    **_each("313009", "Denied invalid {proto} code {icmp_code}, for {src}{src_nat} to {dst}{dst_nat}"),
    **_each("315011", 'SSH session from {src_word} on interface {src_if} for user "{user_dquoted}" disconnected by SSH'
            ' server, reason: {reason}'),
    **_each("315013", 'SSH session from {src_word} on interface {src_if} for user "{user_dquoted}" rekeyed'),
    **_each("322001", "Deny MAC address {src_mac}, possible spoof attempt on interface {src_if}"),
    **_each("322002 322003", "ARP inspection check failed for arp {arp} received from host {src_mac} on interface"
            " {src_if}. This host is advertising MAC Address {mac} for IP Address {src_word}, which is {reason}"),
    **_each("338001 338002 338003 338004 338005 338006 338007 338008 338101 338102 338103 338104 338201 338202 338203"
            " 338204", *_LISTED),
    **_each("322004", "No management IP address configured for transparent firewall. Dropping protocol {proto} packet"
            " from {src} to {dst}"),
    **_each("324000", "Drop {gtp_version} message {gtp_message} from {src} to {dst} Reason: {reason}"),
    **_each("338301", "Intercepted DNS reply for {which} {query} from {src} to {dst}"),
    **_each("401002 401003", "Shun {done}: {src_word} {dst_word}", "Shun {done}: {src_word}"),
    **_each("401004", "Shunned packet: {src_word} = {dst_word} on interface {src_if}",
            "Shunned packet: {src_word} ==> {dst_word} on interface {src_if}"),
    **_each("402116 402117 402118 402119 402120", "IPSEC: Received an {sa_kind} packet (SPI= {spi}, sequence number="
            " {count}) from {src} (user= {user_paren}) to {dst}",
            "IPSEC: Received a non-IPSec packet (protocol= {proto})"
            " from {src} to {dst}"),
    **_each("402114", "IPSEC: Received an {sa_kind} packet (SPI= {spi}, sequence number= {count}) from {src} to {dst}"),
    **_each("402115", "IPSEC: Received a packet from {src} to {dst} containing {sa_kind} data instead of"),
    **_each("405001", "Received ARP {arp} collision from {src_word}/{src_mac} on interface {src_if}"),
    **_each("405002", "Received mac mismatch collision from {src_word}/{src_mac} for authenticated host"),
    **_each("405003", "IP address collision detected between host {src_word} at {src_mac} and interface {src_if}"),
    **_each("406001 406002", "FTP port command {reason_colon}: {src} to {dst} on interface {src_if}",
            "FTP port command {reason_colon}: {src}({port_address}) to {dst} on interface {src_if}"),
    **_each("407001", "Deny traffic for local-host {src}, license limit"),
    **_each("409023", "Attempting AAA Fallback method {method} for {aaa} request for user {user_word} :"
            " Auth-server group {server_group} unreachable"),
    **_each("410001 410002", "Dropped {proto} DNS {dns_kind} from {src} to {dst}; {reason}"),
    **_each("410003 410004", "{class}: {verb} DNS {dns_kind} from {src} to {dst}"),
    **_each("411001 411002", "Line protocol on Interface {src_if}, changed state to {result}"),
    **_each("412001", "MAC {src_mac} moved from {src_if} to {dst_if}"),
    **_each("416001", "Dropped UDP SNMP packet from {src} to {dst}; {reason}"),
    **_each("418001",
        "Through-the-device packet to/from management-only network is denied: {proto} src {src} dst {dst}",
            "Through-the-device packet to/from management-only network is denied: {proto} from {src} to {dst}"),
    **_each("419001", "Dropping {proto} packet from {src} to {dst}, reason: {reason}"),
    **_each("419002", "Duplicate {proto} SYN from {src} to {dst}",
        "Received duplicate {proto} SYN from {src} to {dst}"),
    **_each("419003", "Cleared TCP urgent flag from {src} to {dst}"),
    **_each("421001", "{proto} flow from {src} to {dst} is dropped because application has failed"),
    **_each("423001 423002 423003 423004 423005", "{verb} invalid {app_text} with {reason_from} from {src} to {dst}",
            "{verb} {app_text} with {reason_from} from {src} to {dst}"),
    **_each("424001 424002", "Packet denied {proto} {src} {dst}",
            "Connection to the backup interface is denied: {proto} {src} {dst}"),
    **_each("420002 420003 434001 434002 434003 434004 434007",
            "{module} requested to {verb} {module_proto} packet from {src} to {dst}",
            "{module} requested to {verb} {module_proto} flow from {src} to {dst}",
            "SFR requested ASA to bypass further packet redirection and process {module_proto} flow from {src} to"
            " {dst}",
            "SFR card not up and fail-close mode used, dropping {module_proto} packet from {src} to {dst}"),
    **_each("431001 431002", "{conformant} conformance: Dropping {app_word} packet from {src} to {dst}, {reason}"),
    **_each("500005", "connection terminated for {proto} from {src} to {dst} due to {reason}"),
    **_each("500001 500002 500003 500004", "{rest_of} content in java script is modified: src {src} dest {dst}",
            "Bad TCP hdr length ({fragment}) from {src} to {dst}, flags: {flags}, on interface {src_if}",
            "Invalid transport field for protocol={proto}, from {src} to {dst}"),
    **_each("502101 502102", "New user added to local dbase: Uname: {actor_word} Priv: {privilege}",
            "User deleted from local dbase: Uname: {actor_word} Priv: {privilege}"),
    **_each("502103", "User priv level changed: Uname: {actor_word} From: {before} To: {after}"),
    **_each("507001", "Terminating TCP-Proxy connection from {src} to {dst} - {reason}"),
    **_each("507003", "{proto} flow from {src} to {dst} terminated by inspection engine, reason - {reason}"),
    **_each("509001", "Connection attempt from {src} to {dst} was prevented by {reason}"),
    **_each("602101", "PMTU-D packet {count} bytes greater than effective mtu {mtu} dest_addr={dst_word}, "
            "src_addr={src_word}, prot={proto}"),
    **_each("602303 602304", *_WITH_USER),
    **_each("603108", "Built {proto} Tunnel at {src_if}, tunnel-id = {id}, remote-peer = {src_word},"
            " virtual-interface = {virtual}, client-dynamic-ip = {assigned_word}, username = {user_word}"),
    **_each("603109", "Teardown {proto} Tunnel at {src_if}, tunnel-id = {id}, remote-peer = {src_word}"),
    **_each("604103 604104", *(f"DHCP daemon interface {{src_if}}: address {done} {{src_mac}} ({{src_paren}})"
                               for done in ("granted", "released"))),
    **_each("605004 605005", 'Login denied from {src} to {dst} for user "{user_dquoted}"',
            'Login permitted from {src} to {dst} for user "{user_dquoted}"',
            "Login {verb} from {src} to {dst} for user {user_word}"),
    **_each("606001 606002 606003 606004", "ASDM {asdm} session number {id} from {src_word} {verb}",
            "ASDM session number {id} from {src_word} {verb}"),
    **_each("607001 607002 607003 608001 620001",
        "Pre-allocate {app_word} {sip_kind} secondary channel for {dst} to {src} from"
            " {sip_message} message", "Pre-allocate {app_word} {sip_kind} secondary channel for {dst} to {src}"),
    **_each("609001", "Built local-host {src}"), **_each("609002", "Teardown local-host {src} duration {duration}"),
    **_each("611101 611102", "User authentication {result}: IP address: {src_word}, Uname: {actor_word}",
            "User authentication {result}: Uname: {actor_word}"),
    **_each("611103", "User logged out: Uname: {logged_out}"),
    **_each("702305 702307", "IPSEC: An {sa_direction} {sa_kind} SA (SPI= {spi}) between {src} and {dst} (user="
            " {user_paren}) is rekeying",
            "IPSEC: An {sa_direction} {sa_kind} SA (SPI= {spi}) between {src} and {dst} ({user_paren}) is rekeying"),
    **_each("703001", "H.225 message received from {src} to {dst} is using an unsupported version"),
    **_each("710007", "NAT-T keepalive received from {src} to {dst}"),
    **_each("710001 710002 710003 710004 710005 710006", "{proto} access {verdict} by ACL from {src} to {dst}",
            "{proto} access {verdict} from {src} to {dst}", "{proto} request {verdict} from {src} to {dst}",
            "{proto} connection limit exceeded from {src} to {dst}"),
    **_each("711004", "Task ran for {count} msec, Process = {process}, PC = {pc}, Call stack = {stack}"),
    **_each("716003 716004", *(vpn + f" WebVPN access {verdict}{{url_quoted}}" for vpn in (_VPN, _VPN_BARE)
                               for verdict in ("GRANTED: ", '"GRANTED: ', "DENIED to specified location: ")), _VPN),
    **_each("716059", *(f"Group <{{group}}> User <{{user}}> IP <{{resumed}}> AnyConnect session {how} <{{peer}}>"
                        for how in ("resumed connection from IP", "resumed connection from",
                                    "resumed. Connection from IP", "resumed. Connection from")), _VPN),
    **_each("716039", "Group <{group}> User <{user_claimed}> IP <{peer}> Authentication: {result}",
            "Authentication: {result}, group = {group_word} user = {user_word}", _VPN, _VPN_BARE),
    **_each("716001 716002 716038 716041 716042 716058 716060",
            "Authentication: {result}, group = {group_word} user = {user_word}", _VPN, _VPN_BARE),
    **_each("717022 717037", "Certificate was successfully validated. serial number: {x509_serial}, subject name:"
            " {x509_subject}", "Tunnel group search using certificate maps failed for peer certificate: serial number:"
            " {x509_serial}, subject name: {x509_subject}, issuer_name: {x509_issuer}"),
    **_each("717056", "Attempting {checking} revocation check from {src} to {dst} using {app_word}"),
    **_each("721016 721018", "({device}) WebVPN session for client user {user_word}, IP {src_word} has been {done}"),
    **_each("722051", _VPN + " IPv4 Address <{assigned}> IPv6 address <{assigned6}> assigned to session", _VPN),
    **_each("722033 722034 722022 722023 722032", _VPN + " {ordinal} {tunnel_proto} SVC connection", _VPN, _VPN_BARE),
    **_each("722035 722036", _VPN, _VPN_BARE),
    **_each("722055", _VPN + " Client Type: {client_type}", _VPN_BARE + " Client Type: {client_type}", _VPN),
    **_each("722037", _VPN + " SVC closing connection: {reason}", _VPN, _VPN_BARE),
    **_each("725001", *(f"Starting SSL handshake with{tail}" for tail in _HANDSHAKE)),
    **_each("725002 725003 725006 725007", *(f"Device completed SSL handshake with{tail}" for tail in _HANDSHAKE),
            *(f"Device failed SSL handshake with{tail}" for tail in _HANDSHAKE),
            *(f"SSL session with{tail} terminated" for tail in _HANDSHAKE[2:]),
            *(f"SSL{tail}" for tail in _HANDSHAKE)),
    **_each("725008", *(f"SSL{tail} proposes" for tail in _HANDSHAKE[2:])),
    **_each("725012", *(f"Device chooses cipher {{tls_cipher}} for the SSL session with{tail}"
                        for tail in _HANDSHAKE[2:])),
    **_each("725016", "Device selects trust-point {trust_point} for {peer_role} {src} to {dst}"),
    **_each("733100", "[{object}] drop {rate} exceeded"),
    **_each("733101", "{object_type} {src_word} is {result}"),
    **_each("733102 733103", "Threat-detection {verb} host {src_word} {rest}"),
    **_each("734001 734002 734003", "DAP: User {dap_user}, Addr {src_word}"),
    **_each("737016 737017 737018 737031", "IPAA: Session={id}, Freeing local pool {list} address {src_word}",
            "IPAA: Freeing local pool {list} address {src_word}",
            "IPAA: Session={id}, Freeing local pool address {src_word}",
            "IPAA: Freeing local pool address {src_word}"),
    **_each("737026 737006", "IPAA: Session={id}, Client assigned {src_word} from local pool {list}",
            "IPAA: Client assigned {src_word} from local pool {list}",
            "IPAA: Session={id}, Client assigned {src_word} from {list}",
            "IPAA: Client assigned {src_word} from {list}"),
    **_each("746012 746013", "user-identity: {verb} IP-User mapping {src_word} - {user_word} {result}"),
    **_each("771002", "CLOCK: System clock set, source: {clock_source}, IP: {src_word},"),
    **_each("772002 772003 772004",
            "PASSWORD: {app_word} login {result}, user {user_word}, IP {src_word}, cause: {reason}",
            "PASSWORD: {app_word} login {result}, user {user_word}, cause: {reason}"),
    **_each("805001 805002 805003", *(f"Flow {how} offloaded: connection {{id}} {{src}}{{src_nat}} {{dst}}{{dst_nat}}"
                                      for how in ("is no longer", "could not be")),
            "Flow offloaded: connection {id} {src}{src_nat} {dst}{dst_nat}",
            "Offloaded {proto} Flow for connection {id} from {src}{src_nat} to {dst}{dst_nat}",
            "{proto} Flow is no longer offloaded for connection {id} from {src}{src_nat} to {dst}{dst_nat}"),
    **_each("852001 852002",
        "Received {proxy_kind} event from application {application} for {proto} flow {src} to {dst}"),
})  # fmt: skip

# Families of ids whose messages all begin alike, for ids that have no template of their own.
FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "713": _IKE, "714": _IKE, "715": _IKE, "722": (_VPN, _VPN_BARE), "716": (_VPN, _VPN_BARE),
    "750": _LOCAL_REMOTE, "751": _LOCAL_REMOTE,
    "400": ("IPS:{id} {ips_text} from {src} to {dst} on interface {src_if}",),
    "415": ("HTTP - matched {object_type} in {rest_from} from {src} to {dst}",),
})  # fmt: skip

# Messages whose id a relay cut off: they are told by their beginnings.
BARE: tuple[str, ...] = (
    _VPN + " IPv4 Address <{assigned}> IPv6 address <{assigned6}> assigned to session",
    _VPN + " SVC closing connection: {reason}", _VPN + " Client Type: {client_type}", _VPN,
    *TEMPLATES["711004"], *TEMPLATES["717037"], *TEMPLATES["113019"], *_IKE, *TEMPLATES["302013"],
    *TEMPLATES["302014"], *TEMPLATES["302020"], *TEMPLATES["302021"], *TEMPLATES["106023"], *_ACL,
    *TEMPLATES["113004"], *TEMPLATES["113005"], *TEMPLATES["113012"], *TEMPLATES["111008"], *TEMPLATES["111010"],
    *TEMPLATES["611101"], *TEMPLATES["605004"], *TEMPLATES["305011"], *TEMPLATES["305012"], *_LOCAL_REMOTE[:2],
)  # fmt: skip
