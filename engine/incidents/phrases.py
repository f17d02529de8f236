"""The sentences in which incidents tell why: each once, in English (as it is stored) and in Albanian (as it is read).

What is written with `say` is read back by `engine.incidents.albanian`, so that incidents stored before read the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.entities import Kind


@dataclass(frozen=True, slots=True)
class Phrase:
    """One sentence in both languages, with the same `{places}`. Those of `NUMBERS` hold a number, others any text."""

    en: str
    sq: str

    def say(self, **values: object) -> str:
        """Return the English sentence with its places filled."""
        return self.en.format(**values)


NUMBERS: Final = frozenset({"count", "most", "minutes", "hours", "days", "times", "windows", "grade", "points"})

# Why an alert was joined (engine.incidents.grouping).
FIRST = Phrase("first alert", "alarmi i parë")
SAME = Phrase("same {things}", "e përbashkët: {things}")
PARENT = Phrase("one program started the other: {value}", "një program nisi tjetrin: {value}")
SESSION = Phrase("the same logon session {value}", "i njëjti sesion hyrjeje {value}")
WRITTEN = Phrase("a file that was written, then run: {value}", "një skedar që u shkrua, pastaj u ekzekutua: {value}")
PAGE = Phrase("a page that was written, then asked for: {value}", "një faqe që u shkrua, pastaj u kërkua: {value}")
BOTH_RARE = Phrase(
    "two alerts this rare {minutes} minutes apart, where such come {times} times a day",
    "dy alarme kaq të rralla {minutes} minuta larg njëri-tjetrit, kur të tilla vijnë {times} herë në ditë",
)
BRINGS = Phrase("brings in {count} alerts through {ties}", "sjell {count} alarme përmes: {ties}")
# Waves of destruction, and what people put together or apart.
WAVE = Phrase(
    "first alert of a wave of destruction; tied to what went before: {because}",
    "alarmi i parë i një vale shkatërrimi; lidhet me sa ndodhi më parë: {because}",
)
SAME_WAY_AS_WAVE = Phrase(
    "the same way of working as the wave before: {count} rules fired in both",
    "e njëjta mënyrë veprimi si vala e mëparshme: {count} rregulla u ndezën në të dyja",
)
MERGED = Phrase("merged by {actor}: {why}", "bashkuar nga {actor}: {why}")
SPLIT = Phrase("split off by {actor}: {why}", "ndarë nga {actor}: {why}")
# What was held back and happened beside it (engine.incidents.context).
CONTEXT = Phrase(
    "context: on {place} while the incident was under way; {held}",
    "anësor: në {place} gjatë kohës së incidentit; {held}",
)
HELD = Phrase("held back, for it {usual}", "u mbajt mënjanë, sepse {usual}")
TOO_LITTLE = Phrase("too little for an incident of its own", "tepër pak për një incident më vete")
# How usual an alert is (engine.incidents.noise).
LEARNING = Phrase(
    "{hours} hours of alerts so far: too few to call anything usual or rare",
    "{hours} orë alarmesh deri tani: tepër pak për të thënë se diçka është e zakonshme ose e rrallë",
)
AS_USUAL = Phrase(
    "fires about {times} times a day on {place} at this hour "
    "(in {windows} five-minute windows of {days} days), as always",
    "ndizet rreth {times} herë në ditë në {place} në këtë orë (në {windows} dritare pesëminutëshe të {days} ditëve), "
    "si gjithmonë",
)
USUAL_AND_JUDGED = Phrase(
    f"{AS_USUAL.en}; judged false {{count}} times here", f"{AS_USUAL.sq}; këtu u vlerësua i gabuar {{count}} herë"
)
BURST = Phrase(
    "{count} alerts in five minutes on {place}, never more than {most} before",
    "{count} alarme në pesë minuta në {place}, më parë kurrë më shumë se {most}",
)
NEW_KIND = Phrase("a rule that fired nowhere in {days} days", "një rregull që nuk u ndez askund në {days} ditë")
NEW_HERE = Phrase(
    "never on {place} in {days} days, though in {count} other places",
    "kurrë në {place} në {days} ditë, por në {count} vende të tjera",
)
RARE = Phrase(
    "about once in {days} days on {place} (in {windows} five-minute windows of {most} days)",
    "rreth një herë në {days} ditë në {place} (në {windows} dritare pesëminutëshe të {most} ditëve)",
)
# Why two incidents are one campaign.
GREW_OUT = Phrase("one grew out of the other", "njëri doli nga tjetri")
BOTH_HAVE = Phrase("both have {things}", "të dy kanë {things}")
AND_MORE = Phrase("{things} and {count} more", "{things} dhe {count} të tjera")
SAME_WAY = Phrase(
    "the same way of working: {count} rules fired in both",
    "e njëjta mënyrë veprimi: {count} rregulla u ndezën në të dy",
)
# What a score is made of, by the kind of term (engine.incidents.scoring and those that it asks).
TERMS: Final[Mapping[str, Phrase]] = {
    "severity": Phrase("{level}: {rule}", "{level}: {rule}"),
    "spread": Phrase("on {count} more hosts: {rule}", "në {count} kompjuterë të tjerë: {rule}"),
    "rarity": Phrase("{rule}: {usual}", "{rule}: {usual}"),
    "progress": Phrase("{count} ATT&CK tactics", "{count} taktika ATT&CK"),
    "criticality": Phrase("criticality {grade} of {things}", "kriticiteti {grade} i: {things}"),
    "sensitivity": Phrase("sensitivity {grade} of {things}", "ndjeshmëria {grade} e: {things}"),
    "intelligence": Phrase("{rule} (told by {author})", "{rule} (e thotë {author})"),
    "foresight": Phrase(
        "{impact} is likely next: {count} of {most} past attacks with {technique}",
        "{impact} pritet më pas: {count} nga {most} sulme të shkuara me {technique}",
    ),
}
CHANGES: Final[Mapping[str, Phrase]] = {
    "severity": Phrase("if all its alerts were judged false", "po të vlerësoheshin të gabuara të gjitha alarmet e tij"),
    "spread": Phrase("if it had fired on one host alone", "po të ishte ndezur vetëm në një kompjuter"),
    "rarity": Phrase("if it were known to be usual here", "po të dihej se këtu është i zakonshëm"),
    "progress": Phrase("if only one tactic were left", "po të mbetej vetëm një taktikë"),
    "criticality": Phrase("if an ordinary host were hit", "po të ishte goditur një kompjuter i zakonshëm"),
    "sensitivity": Phrase("if no sensitive data were there", "po të mos kishte aty të dhëna të ndjeshme"),
    "intelligence": Phrase("if the indicator were withdrawn", "po të tërhiqej treguesi"),
    "foresight": Phrase("if no impact were likely next", "po të mos pritej asnjë ndikim më pas"),
    "": Phrase("without it", "pa të"),
}
TOO_LITTLE_LEFT = Phrase(": too little for an incident", ": tepër pak për një incident")
# Titles and lines of the timeline (engine.incidents.telling).
ON_HOST = Phrase("{rule} on {place}", "{rule} në {place}")
ON_HOSTS = Phrase("{rule} on {place} and {count} more hosts", "{rule} në {place} dhe {count} kompjuterë të tjerë")
ON_TWO_HOSTS = Phrase("{rule} on {place} and {count} more host", "{rule} në {place} dhe {count} kompjuter tjetër")
SEVERAL_HOSTS = Phrase("several hosts", "disa kompjuterë")
HOSTS = Phrase("{count} hosts", "{count} kompjuterë")
BY_USER = Phrase("user {value}", "përdoruesi {value}")
FROM_ADDRESS = Phrase("from {value}", "nga {value}")
RAN = Phrase("ran {value}", "ekzekutoi {value}")
AT_PAGE = Phrase("at {value}", "te {value}")
AND_OTHERS = Phrase("{value} (and {count} more)", "{value} (dhe {count} të tjera)")

KINDS: Final[Mapping[Kind, str]] = {
    "host": "kompjuteri",
    "user": "përdoruesi",
    "ip": "adresa",
    "domain": "domeni",
    "mailbox": "kutia postare",
    "service": "shërbimi",
    "file": "skedari",
    "process": "programi",
    "url": "URL-ja",
    "hash": "hash-i",
}
LEVELS: Final[Mapping[str, str]] = {
    "informational": "informues",
    "low": "i ulët",
    "medium": "mesatar",
    "high": "i lartë",
    "critical": "kritik",
}
