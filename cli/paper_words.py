"""What commands about papers and clocks say, in English and Albanian."""

from __future__ import annotations

from dataclasses import dataclass

from cli.settings_table import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperWords:
    """Every text, by what it says."""

    incident: str
    to: str
    basis: str
    state: str
    draft: str
    masked: str
    numbered: str
    clear: str
    source: str
    confirm: str
    lacking: str
    unknown: str
    clocks: str
    aware: str
    by: str
    what: str
    due: str
    left: str
    applies: str
    always: str
    personal_data: str
    high_risk: str
    next_paper: str
    next_clocks: str


_ENGLISH = PaperWords(
    incident="Incident",
    to="To",
    basis="By",
    state="State",
    draft="draft: nothing was sent; a person reads, corrects and sends it",
    masked="{count} persons and mailboxes are pseudonyms, the same as in exports (--with-names: names, on record)",
    numbered="{count} persons and mailboxes are numbers of this paper alone: there is no key of pseudonyms "
    "(--with-names: names, on record)",
    clear="with names: keep it where the persons named are entitled to have it kept",
    source="From",
    confirm="To confirm",
    lacking="OPEN: must be filled before it is sent; nothing in the incident says it",
    unknown="not known",
    clocks="Legal clocks",
    aware="Aware since",
    by="By",
    what="What",
    due="Due (UTC)",
    left="Left",
    applies="Applies",
    always="to significant incidents",
    personal_data="where personal data were breached",
    high_risk="where the risk to persons is high",
    next_paper="kulla incidents clocks {id}",
    next_clocks="kulla incidents paper {id} early-warning",
)
_ALBANIAN = PaperWords(
    incident="Incidenti",
    to="Për",
    basis="Sipas",
    state="Gjendja",
    draft="projekt: nuk u dërgua asgjë; një person e lexon, e ndreq dhe e dërgon",
    masked="{count} persona dhe kuti postare janë pseudonime, të njëjtat si në eksporte "
    "(--with-names: emrat, me shënim)",
    numbered="{count} persona dhe kuti postare janë numra vetëm të këtij dokumenti: nuk ka çelës pseudonimesh "
    "(--with-names: emrat, me shënim)",
    clear="me emra: ruajeni aty ku e kërkon e drejta e personave që përmenden",
    source="Nga",
    confirm="Për t'u konfirmuar",
    lacking="E HAPUR: duhet plotësuar para dërgimit; asgjë në incident nuk e thotë",
    unknown="e panjohur",
    clocks="Afatet ligjore",
    aware="Në dijeni prej",
    by="Sipas",
    what="Çfarë",
    due="Deri (UTC)",
    left="Mbetet",
    applies="Zbatohet",
    always="për incidente të rëndësishme",
    personal_data="kur u cenuan të dhëna personale",
    high_risk="kur rreziku për personat është i lartë",
    next_paper="kulla incidents clocks {id}",
    next_clocks="kulla incidents paper {id} early-warning",
)


def paper_words(lang: Lang) -> PaperWords:
    """Return the texts in a language."""
    return _ALBANIAN if lang == "sq" else _ENGLISH
