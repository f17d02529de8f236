"""What the explanations of rules and alerts say, in English and Albanian; predicates stay as rules have them."""

from __future__ import annotations

from dataclasses import dataclass

from cli.settings_table import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainingWords:
    """Every text, by what it says."""

    holds: str
    condition: str
    part_of: str
    found: str
    group: str
    window: str
    matches: str
    measured: str
    asked: str
    filtered: str
    more: str
    nearest: str
    now_found: str
    all_of: str
    any_of: str
    none_of: str
    more_held: str
    none_held: str
    text: str
    stands: str
    stands_not: str
    absent: str
    yes: str
    no: str
    fires: str
    fires_not: str
    other_source: str
    by_filter: str
    no_condition: str
    both: str
    rule: str
    rule_file: str
    event: str
    chosen: str
    log_source: str
    sees: str
    sees_not: str
    result: str
    events: str
    rule_matches: str
    ungrouped: str
    ungrouped_count: str
    grouped_by: str
    one_group: str
    span: str
    windows: str
    groups: str
    no_window: str
    since_then: str
    alert: str
    at: str
    rule_since: str
    unchanged: str
    changed: str
    not_loaded: str
    why_then: str
    now: str


ENGLISH = ExplainingWords(
    holds="Holds",
    condition="Condition",
    part_of="Condition (> is a part of the line above)",
    found="Found",
    group="Group",
    window="Window (UTC)",
    matches="Matches",
    measured="Measured",
    asked="Asked",
    filtered="Taken away by filters",
    more="and {count} more",
    nearest="Nearest miss: {count} to be otherwise",
    now_found="{asked}; found: {found}",
    all_of="all of",
    any_of="any of",
    none_of="not",
    more_held="and {count} more, of which {held} hold",
    none_held="and {count} more, none of which holds",
    text="the event's text",
    stands="it stands there",
    stands_not="it does not stand there",
    absent="nothing: the event has no such field",
    yes="yes",
    no="no",
    fires="fires",
    fires_not="does not fire",
    other_source="the event ({kind}) is not of its log source ({source})",
    by_filter="a filter takes the match away",
    no_condition="its condition does not hold",
    both=" and ",
    rule="Rule",
    rule_file="Rule file",
    event="Event",
    chosen="Chosen",
    log_source="Log source",
    sees="{source} (sees events of {kind})",
    sees_not="{source} (does not see events of {kind})",
    result="Result",
    events="Events",
    rule_matches="Matches of its rules",
    ungrouped="Without a group",
    ungrouped_count="{count}: a field of the group is absent",
    grouped_by="Grouped by",
    one_group="everything is one group",
    span="Time span",
    windows="Nearest window of each group",
    groups=" ({count} groups, the nearest {shown})",
    no_window="none of its rules matched any event with its groups",
    since_then="{first} to {last}",
    alert="Alert",
    at="Time (UTC)",
    rule_since="Rule since",
    unchanged="unchanged",
    changed="it was changed since: explained as it is now",
    not_loaded="it is not loaded now (--rules): only what was kept with the alert can be told",
    why_then="Why it fired then",
    now="Now",
)

ALBANIAN = ExplainingWords(
    holds="Vlen",
    condition="Kushti",
    part_of="Kushti (> është pjesë e rreshtit sipër)",
    found="U gjet",
    group="Grupi",
    window="Dritarja (UTC)",
    matches="Përputhje",
    measured="U mat",
    asked="Kërkohet",
    filtered="Hequr nga filtrat",
    more="dhe {count} të tjera",
    nearest="Sa iu afrua: {count} do të duhej të ishin ndryshe",
    now_found="{asked}; u gjet: {found}",
    all_of="të gjitha",
    any_of="njëra nga",
    none_of="jo",
    more_held="dhe {count} të tjera, prej të cilave vlejnë {held}",
    none_held="dhe {count} të tjera, nga të cilat nuk vlen asnjë",
    text="teksti i ngjarjes",
    stands="gjendet aty",
    stands_not="nuk gjendet aty",
    absent="asgjë: ngjarja nuk e ka këtë fushë",
    yes="po",
    no="jo",
    fires="ndizet",
    fires_not="nuk ndizet",
    other_source="ngjarja ({kind}) nuk është nga burimi i tij ({source})",
    by_filter="një filtër e heq përputhjen",
    no_condition="kushti i tij nuk plotësohet",
    both=" dhe ",
    rule="Rregulli",
    rule_file="Skedari i rregullit",
    event="Ngjarja",
    chosen="U zgjodh",
    log_source="Burimi i ditarit",
    sees="{source} (i sheh ngjarjet {kind})",
    sees_not="{source} (nuk i sheh ngjarjet {kind})",
    result="Përfundimi",
    events="Ngjarje",
    rule_matches="Përputhje të rregullave të tij",
    ungrouped="Pa grup",
    ungrouped_count="{count}: mungon një fushë e grupit",
    grouped_by="Grupuar sipas",
    one_group="gjithçka është një grup",
    span="Hapësira kohore",
    windows="Dritarja më e afërt e çdo grupi",
    groups=" ({count} grupe, {shown} më të afërtat)",
    no_window="asnjë nga rregullat e tij nuk u përputh me ndonjë ngjarje me grupet e tij",
    since_then="{first} deri {last}",
    alert="Alarmi",
    at="Koha (UTC)",
    rule_since="Rregulli që atëherë",
    unchanged="i pandryshuar",
    changed="ka ndryshuar që atëherë: shpjegohet siç është tani",
    not_loaded="tani nuk është i ngarkuar (--rules): tregohet vetëm ç'u ruajt bashkë me alarmin",
    why_then="Pse u ndez atëherë",
    now="Tani",
)


def explaining_words(lang: Lang) -> ExplainingWords:
    """Return the texts of a language."""
    return ALBANIAN if lang == "sq" else ENGLISH
