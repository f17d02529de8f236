"""Keys that many products use for the same thing, and the ECS fields they mean: for envelopes that fix no meaning.

Collected from vendors' key=value, LEEF and GELF logs. Keys are compared in small letters and without `_`, `-` and `.`.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from collectors.network.times import instant_of, zone_named
from collectors.network.values import Table, keep, put_all
from engine.events import Fields

_TABLE: Table = {
    key: tuple(names.split())
    for keys, names in (
        ("srcip src sourceip sourceaddress saddr clientip client clientaddr remoteaddr remoteip", "source.address"),
        ("remotehost ipaddress fromip peerip sip ip", "source.address"),
        ("dstip dst destip destinationip destinationaddress daddr dest serverip", "destination.address"),
        ("toip targetip dip", "destination.address"),
        ("srcport sourceport spt sport clientport remoteport", "source.port"),
        ("dstport destinationport dpt dport destport serverport", "destination.port"),
        ("srchost sourcehost srcname shost", "source.domain"),
        ("dsthost destinationhost dsthostname dhost", "destination.domain"),
        ("srcmac smac macaddress mac", "source.mac"),
        ("dstmac dmac", "destination.mac"),
        ("srcpostnat natsrc srcnatip", "source.nat.ip"),
        ("dstpostnat natdst dstnatip", "destination.nat.ip"),
        ("srcpostnatport natsrcport", "source.nat.port"),
        ("dstpostnatport natdstport", "destination.nat.port"),
        ("srcbytes sentbyte bytessent bytesout sent txbytes", "source.bytes"),
        ("dstbytes rcvdbyte bytesreceived bytesin received rxbytes", "destination.bytes"),
        ("srcpackets sentpkt packetssent", "source.packets"),
        ("dstpackets rcvdpkt packetsreceived", "destination.packets"),
        ("proto protocol transport ipprotocol", "network.transport"),
        ("app application appname", "network.application"),
        ("user username usrname uname account accountname login suser userid logonuser srcuser", "user.name"),
        ("duser dstuser targetuser", "destination.user.name"),
        ("domain userdomain realm", "user.domain"),
        ("email useremail", "user.email"),
        ("url uri requesturl request", "url.original"),
        ("method httpmethod requestmethod", "http.request.method"),
        ("status statuscode httpstatus responsecode", "http.response.status_code"),
        ("useragent agent requestclientapplication", "user_agent.original"),
        ("referer referrer", "http.request.referrer"),
        ("action act operation", "event.action"),
        ("reason", "event.reason"),
        ("eventid eventcode logid messageid", "event.code"),
        ("level loglevel lvl severity sev priority pri", "log.level"),
        ("logger", "log.logger"),
        ("msg message text", "message"),
        ("host hostname devname devicename", "host.name"),
        ("pid processid", "process.pid"),
        ("process processname proc exe", "process.name"),
        ("cmd command commandline", "process.command_line"),
        ("file filename fname", "file.name"),
        ("filepath path", "file.path"),
        ("md5", "file.hash.md5"),
        ("sha1", "file.hash.sha1"),
        ("sha256", "file.hash.sha256"),
        ("rule rulename policy policyname", "rule.name"),
        ("ruleid policyid", "rule.id"),
        ("service servicename", "service.name"),
        ("traceid", "trace.id"),
        ("spanid", "span.id"),
        ("requestid", "http.request.id"),
        ("error err", "error.message"),
        ("dnsquery qname query", "dns.question.name"),
        ("qtype", "dns.question.type"),
    )
    for key in keys.split()
}  # fmt: skip
_STAMPS = ("timestamp", "time", "ts", "datetime", "eventtime", "devtime", "date", "logtime", "starttime", "rt", "t")
_PUNCTUATION = re.compile(r"[_.\-@]")
_FAILED = re.compile(r"fail|error|denied|deny|reject|invalid|refused|unauthori[sz]ed", re.IGNORECASE)
_SUCCEEDED = re.compile(r"^(?:success|succeeded|successful|ok|passed|accepted?|allow(?:ed)?|true)$", re.IGNORECASE)


def generic_fields(values: dict[str, str], prefix: str, zone: tzinfo) -> Fields:
    """Return the fields of keys without a fixed meaning; every key stays under `prefix`."""
    bare: dict[str, str] = {}
    for key, text in values.items():
        bare.setdefault(_PUNCTUATION.sub("", key.lower()), text)
    fields: Fields = {}
    moment = _instant(bare, zone)
    if moment is not None:
        fields["@timestamp"] = moment
    put_all(fields, bare, _TABLE, zone)
    if isinstance(level := fields.get("log.level"), str):
        fields["log.level"] = level.lower()
    keep(fields, prefix, values.items())
    told = bare.get("outcome") or bare.get("result") or bare.get("status") or bare.get("action") or ""
    if _FAILED.search(told):
        fields["event.outcome"] = "failure"
    elif _SUCCEEDED.match(told):
        fields["event.outcome"] = "success"
    if "source.ip" in fields or "destination.ip" in fields:
        fields["event.category"], fields["event.type"] = ["network"], ["info"]
    return fields


def _instant(bare: dict[str, str], zone: tzinfo) -> datetime | None:
    own = zone_named(bare.get("tz", "") or bare.get("timezone", "")) or zone
    if "date" in bare and "time" in bare and (moment := instant_of(f"{bare['date']} {bare['time']}", own)):
        return moment
    for key in _STAMPS:
        if (moment := instant_of(bare.get(key, ""), own)) is not None:
            return moment
    return None
