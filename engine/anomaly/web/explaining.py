"""What a departure is called, where in the request it stands, and what had been learned there, in words."""

from __future__ import annotations

from engine.anomaly.web.requests import Request
from engine.anomaly.web.site import KINDS, Departure, Site
from engine.anomaly.web.values import Values, characters_of, pairs_of, shape_of, spell

LONGEST = 160  # characters of a value that a term shows
_PATH_FIELDS = {"folder": "url.path", "ending": "url.path", "leaf": "url.path", "method": "http.request.method"}


def place_of(request: Request, departure: Departure) -> tuple[str, str]:
    """Return the field of a departure (a parameter as `url.query:NAME`) and what stood there, shortened."""
    kind = KINDS[departure.kind]
    if kind in _PATH_FIELDS:
        return _PATH_FIELDS[kind], (request.method if kind == "method" else request.path.whole)[:LONGEST]
    value = next((value for name, value in request.parameters if name == departure.name), "")
    return f"url.query:{departure.name}", value[:LONGEST]


def expected(site: Site, request: Request, departure: Departure) -> str:
    """Return what is ordinary in that point."""
    kind = KINDS[departure.kind]
    service, path = request.service, request.path.whole
    if kind in _PATH_FIELDS:
        return _expected_of_path(site, request, kind)
    names = site.names.get((service, path))
    if kind == "new parameter":
        if names is None:
            return "this path is not known"
        known = ", ".join(sorted(names.counts)[:12])
        return f"parameters here: {known}" if known else "no parameter was ever seen here"
    if kind == "missing parameter" and names:
        return f"it is in {names.counts.get(departure.name, 0):,} of {names.seen:,} requests"
    return _expected_of_value(site, request, departure)


def _expected_of_path(site: Site, request: Request, kind: str) -> str:
    service = request.service
    if kind == "method":
        known = site.methods.get((service, request.path.whole)) or site.methods.get((service,))
        return f"methods: {', '.join(sorted(known.counts))}" if known else "nothing is known"
    if kind == "folder":
        return f"{len(site.folders[(service,)].counts):,} folders are known" if (service,) in site.folders else ""
    if kind == "ending":
        known = site.endings.get((service, request.path.folder)) or site.endings.get((service,))
        return f"endings here: {', '.join(sorted(known.counts)[:12])}" if known else "nothing is known"
    known = site.leaves.get((service, request.path.folder, request.path.ending))
    return f"{len(known.counts):,} such files are known in this folder" if known else "no such file is known here"


def _expected_of_value(site: Site, request: Request, departure: Departure) -> str:
    kind = KINDS[departure.kind]
    keys = ((request.service, request.path.whole, departure.name), (request.service, departure.name), ())
    layers = [site.values[key] for key in keys if key in site.values]
    if not layers:
        return "nothing is known"
    value = next((value for name, value in request.parameters if name == departure.name), "")
    own = layers[0]
    if kind == "absent character":  # it may be usual in wider layers alone
        own = next((layer for layer in layers if layer.usual - characters_of(shape_of(value))), own)
    if kind == "length":
        return f"{len(value):,} characters; {own.lengths.span} were usual in {own.seen:,} values"
    if kind == "value":
        return f"one of {len(own.choices.counts):,} values was usual in {own.choices.seen:,}"
    known = own.pairs if kind == "pair" else own.characters
    strange = _strange(own, shape_of(value), kind)
    times = known.counts.get(strange, 0)
    return f"{spell(strange)} was in {f'{times:,}' if times else 'none'} of {known.seen:,} distinct values"


def _strange(own: Values, shape: str, kind: str) -> str:
    """Return the character or pair that a departure of this kind is about."""
    if kind == "absent character":
        absent = own.usual - characters_of(shape)
        return min(absent, key=lambda item: (-own.characters.counts[item], item), default="")
    known, items = (own.pairs, pairs_of(shape)) if kind == "pair" else (own.characters, characters_of(shape))
    ordered = sorted(items, key=lambda item: (known.counts.get(item, 0), item))
    return ordered[min(kind == "further character", len(ordered) - 1)] if ordered else ""
