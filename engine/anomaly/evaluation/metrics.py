"""What is measured, in words: each metric of the table once, in English (which scripts go by) and in Albanian."""

from __future__ import annotations

from engine.anomaly.cards import Words

FAILED = Words(en="not measured: {reason}", sq="nuk u mat: {reason}")

# Requests, names and calls, one by one.
F1 = Words(en="F1, frozen threshold", sq="F1, prag i ngrirë")
BEST_F1 = Words(en="F1, best threshold (looks at the answers)", sq="F1, pragu më i mirë (i sheh përgjigjet)")
RECALL = Words(en="recall at {share} % false", sq="të gjetura me {share} % të rreme")
ROC = Words(en="ROC", sq="ROC")
NAMED = Words(en="parameter named where one departs", sq="parametri emërtohet kur del nga e zakonshmja")
POISON = Words(
    en="F1 lost to 5 % poison, mean and worst of {draws} draws",
    sq="F1 e humbur nga 5 % helmim, mesatarja dhe më e keqja e {draws} shorteve",
)
FIRST_SEEN = Words(
    en="requests a second and core, all distinct, first seen",
    sq="kërkesa në sekondë e bërthamë, të gjitha të ndryshme, herën e parë",
)
SEEN_BEFORE = Words(en="requests a second and core, seen before", sq="kërkesa në sekondë e bërthamë, të njohura")
AT_BUDGET = Words(en="alerts a day at a budget of {budget}", sq="alarme në ditë me buxhet {budget}")
OF_FAMILIES = Words(en="{metric}, mean of families", sq="{metric}, mesatarja e familjeve")
INFECTED = Words(
    en="infected hosts found within {asked} names, one of which exists, at 0.1 % false",
    sq="kompjuterë të infektuar të gjetur brenda {asked} emrave, prej të cilëve një ekziston, me 0.1 % të rreme",
)
INFECTED_ALL_EXIST = Words(
    en="infected hosts found within {asked} names, all of which exist, at 0.1 % false",
    sq="kompjuterë të infektuar të gjetur brenda {asked} emrave, që ekzistojnë të gjithë, me 0.1 % të rreme",
)
AVERAGE_PRECISION = Words(en="average precision", sq="saktësia mesatare")
HARDEST = Words(
    en="average precision, 50 % jitter and 50 % lost", sq="saktësia mesatare, 50 % luhatje dhe 50 % të humbura"
)
# Incidents made of labelled alerts.
PHASES = Words(
    en="phases found at {count} incidents a day, of those with a specific alert",
    sq="faza të gjetura me {count} incidente në ditë, nga ato me alarm të vetin",
)
RIGHT = Words(en="precision of those read", sq="saktësia e atyre që lexohen")
INCIDENTS = Words(en="incidents a day", sq="incidente në ditë")
ALERTS_A_SECOND = Words(
    en="alerts a second and core, from the packed file to incidents",
    sq="alarme në sekondë e bërthamë, nga skedari i ngjeshur te incidentet",
)
# Series.
STANDARD = Words(
    en="standard score, threshold frozen on the other series", sq="pikët standarde, pragu i ngrirë mbi seritë e tjera"
)
STANDARD_FIXED = Words(en="standard score, threshold fixed at {level}", sq="pikët standarde, pragu i caktuar {level}")
STANDARD_BEST = Words(
    en="standard score, best threshold (looks at the answers)",
    sq="pikët standarde, pragu më i mirë (i sheh përgjigjet)",
)
# The simulated ministry.
IN_TIME = Words(
    en="attacks found in time at {budget} alerts a day", sq="sulme të gjetura në kohë me {budget} alarme në ditë"
)
APART = Words(
    en="the same attacks, each in days that hold no other, at {budget} alerts a day",
    sq="të njëjtat sulme, secili në ditë pa sulm tjetër, me {budget} alarme në ditë",
)
QUIET = Words(
    en="alerts a day in the same days without attacks, by seed",
    sq="alarme në ditë në të njëjtat ditë pa sulme, sipas farës",
)
ABOUT_NOTHING = Words(en="alerts a day about nothing among attacks", sq="alarme të kota në ditë mes sulmeve")
CROWDS = Words(en="flash crowds alerted on", sq="dyndje të papritura me alarm")
SPRAY = Words(
    en="hours to find a spray of one try for each user and day",
    sq="orë për të gjetur provën e fjalëkalimeve, një për përdorues në ditë",
)
ABUSER = Words(
    en="days to find an officer with twice the look-ups", sq="ditë për të gjetur nëpunësin me kërkime të dyfishta"
)
WIPER = Words(en="seconds to find a wiper", sq="sekonda për të gjetur fshirësin e të dhënave")
# Promises of all models.
SAME_BITS = Words(en="the same bits in any order and split", sq="të njëjtat bite në çdo renditje e ndarje")
SUMS = Words(
    en="largest difference between a score and the sum of its terms",
    sq="ndryshimi më i madh mes pikëve dhe shumës së përbërësve",
)
PLAIN = Words(en="come back from JSON and plain arrays", sq="kthehen nga JSON dhe vargje të thjeshta")


def filled(words: Words, *, metric: Words | None = None, **values: object) -> Words:
    """Return the words with their places filled, `metric` in its own language."""
    if metric is None:
        return Words(en=words.en.format(**values), sq=words.sq.format(**values))
    return Words(en=words.en.format(metric=metric.en, **values), sq=words.sq.format(metric=metric.sq, **values))
