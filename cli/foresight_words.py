"""Texts of `kulla incidents foresight` that responders read, in English and Albanian."""

from __future__ import annotations

from dataclasses import dataclass

from cli.settings_table import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class ForesightWords:
    """Every text, by what it says."""

    title: str
    incident: str
    seen: str
    not_known: str
    meaning: str
    meaning_text: str
    collected: str
    likely: str
    probability: str
    technique: str
    tactic: str
    shows: str
    not_collected: str
    no_rule: str
    like: str
    together: str
    nearest: str
    companion: str
    rules: str
    elsewhere: str
    blind: str
    prevented_by: str
    nothing: str
    report: str
    next: str


ENGLISH = ForesightWords(
    title="What may come next",
    incident="Incident",
    seen="Techniques seen",
    not_known="Seen, but told of no past attack",
    meaning="What the figures mean",
    meaning_text="probability that the attack uses it too, going by past attacks of which half was known",
    collected="Collected logs",
    likely="The likeliest techniques",
    probability="Likely",
    technique="Technique",
    tactic="Tactic",
    shows="Would show in",
    not_collected="not collected: {sources}",
    no_rule="no rule finds it",
    like="In attacks like this",
    together="Goes with",
    nearest="{name} ({likeness:.0%} alike)",
    companion="{technique} ({together} of {of} past attacks with that)",
    rules="Found by",
    elsewhere="Not collected, would show it",
    blind="Collected, blind to it",
    prevented_by="Prevented by",
    nothing="no technique of this incident is told of any past attack",
    report="report",
    next="kulla respond {id}",
)
ALBANIAN = ForesightWords(
    title="Çfarë mund të vijë më pas",
    incident="Incidenti",
    seen="Teknikat e vëna re",
    not_known="Të vëna re, por pa sulm të njohur",
    meaning="Çfarë thonë shifrat",
    meaning_text="gjasat që sulmi ta përdorë edhe këtë, sipas sulmeve të kaluara të njohura përgjysmë",
    collected="Ditarët e mbledhur",
    likely="Teknikat më të mundshme",
    probability="Gjasat",
    technique="Teknika",
    tactic="Taktika",
    shows="Do të dukej në",
    not_collected="nuk mblidhet: {sources}",
    no_rule="asnjë rregull nuk e gjen",
    like="Në sulme si ky",
    together="Shkon me",
    nearest="{name} (ngjashmëri {likeness:.0%})",
    companion="{technique} ({together} nga {of} sulme të kaluara me atë)",
    rules="E gjejnë",
    elsewhere="Nuk mblidhet, do ta tregonte",
    blind="Mblidhet, nuk e sheh",
    prevented_by="E parandalojnë",
    nothing="asnjë teknikë e këtij incidenti nuk njihet nga sulmet e kaluara",
    report="raporti",
    next="kulla respond {id}",
)


def foresight_words(lang: Lang) -> ForesightWords:
    """Return the texts in a language."""
    return ALBANIAN if lang == "sq" else ENGLISH
