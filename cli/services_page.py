"""The recovery curve as one HTML page: a drawing and the same figures as a table, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.formats.page import head, text
from cli.services_words import ServiceWords
from cli.settings_table import Lang
from playbooks.restoration.curve import AKSHI, Point

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1b1b;"
    "background:#fff}svg{width:100%;height:auto}table{border-collapse:collapse}th,td{text-align:right;"
    "padding:.2rem .8rem;border-bottom:1px solid #767676}.axis{stroke:#1b1b1b;fill:none}text{font-size:14px;"
    "fill:#1b1b1b}.use{stroke:#1b1b1b;stroke-width:3;fill:none}.services{stroke:#1b1b1b;stroke-width:2;"
    "stroke-dasharray:8 5;fill:none}.akshi{fill:#fff;stroke:#1b1b1b;stroke-width:2}"
)
_WIDTH, _HEIGHT, _LEFT, _TOP = 900, 400, 60, 20


def curve_page(
    points: Sequence[Point], figures: Sequence[tuple[str, object]], texts: ServiceWords, lang: Lang
) -> Iterator[str]:
    """Yield the page in parts. Curves differ by their line (whole, dashed, rings), never by colour alone."""
    title = text(texts.curve)
    yield head(texts.curve, lang=lang, style=_STYLE)
    yield f"<main>\n<h1>{title}</h1>\n<dl>\n"
    yield from (f"<dt>{text(label)}</dt><dd>{text(value)}</dd>\n" for label, value in figures)
    yield "</dl>\n"
    yield from _drawing(points, texts)
    yield f"<table>\n<thead><tr><th>{text(texts.hours)}</th><th>{text(texts.use)} (%)</th>"
    yield f"<th>{text(texts.services)} (%)</th></tr></thead>\n<tbody>\n"
    for point in points:
        yield f"<tr><td>{point.hours:.1f}</td><td>{point.use * 100:.1f}</td><td>{point.services * 100:.1f}</td></tr>\n"
    yield "</tbody>\n</table>\n</main>\n</body>\n</html>\n"


def _drawing(points: Sequence[Point], texts: ServiceWords) -> Iterator[str]:
    last = points[-1].hours or 1.0
    label = f"{texts.curve}: {texts.use}, {texts.services}, {texts.akshi}"
    yield f'<svg viewBox="0 0 {_WIDTH + 120} {_HEIGHT + 80}" role="img" aria-label="{text(label)}">\n'
    yield f'<path class="axis" d="M{_LEFT} {_TOP}V{_TOP + _HEIGHT}H{_LEFT + _WIDTH}"/>\n'
    for share in (0, 0.25, 0.5, 0.75, 1):
        yield f'<text x="4" y="{_y(share) + 5:.0f}">{share * 100:.0f} %</text>\n'
    for part in range(5):
        hours = last * part / 4
        yield f'<text x="{_x(hours, last):.0f}" y="{_TOP + _HEIGHT + 22}">{hours:.0f} h</text>\n'
    for name in ("use", "services"):
        path = " ".join(f"{_x(point.hours, last):.1f},{_y(getattr(point, name)):.1f}" for point in points)
        yield f'<polyline class="{name}" points="{path}"/>\n'
    for mark in AKSHI:
        yield f'<circle class="akshi" cx="{_x(mark.hours, last):.1f}" cy="{_y(mark.share):.1f}" r="7"/>\n'
    legend = f"{texts.use}: ——   {texts.services}: - - -   {texts.akshi}: o"
    yield f'<text x="{_LEFT}" y="{_TOP + _HEIGHT + 50}">{text(legend)}</text>\n</svg>\n'


def _x(hours: float, last: float) -> float:
    return _LEFT + _WIDTH * hours / last


def _y(share: float) -> float:
    return _TOP + _HEIGHT * (1 - share)
