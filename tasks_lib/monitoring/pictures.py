"""Small SVG pictures for the report: a gauge of now against the reference, and a line over the windows."""

import math
from collections.abc import Sequence

from markupsafe import Markup

COLOURS = {"drifted": "#c0392b", "improved": "#1e8449", "failed": "#c0392b", "healthy": "#1e8449"}
NEUTRAL = "#34618d"
GREY = "#8a8f98"
_GAUGE = Markup(
    '<svg viewBox="0 0 120 74" role="img" aria-label="{label}"><path d="{track}" class="track"/>'
    '<path d="{arc}" fill="none" stroke="{colour}" stroke-width="11"/>{mark}'
    '<text x="60" y="62" text-anchor="middle" class="figure">{text}</text></svg>'
)
_MARK = Markup(
    '<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#222" stroke-width="2.5">'
    "<title>reference</title></line>"
)
_LINE = Markup(
    '<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
    '<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>{dots}</svg>'
)
_DOT = Markup('<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>{title}</title></circle>')


def gauge(value: float, reference: float | None, *, full: float, text: str, label: str, status: str) -> Markup:
    """A half circle filled to `value` of `full`, with a mark at the reference."""
    share = _share(value, full)
    return _GAUGE.format(
        label=f"{label}: {text}",
        track=_arc(1.0),
        arc=_arc(max(share, 0.004)),
        colour=COLOURS.get(status, NEUTRAL),
        mark=_mark(_share(reference, full)) if reference is not None else "",
        text=text,
    )


def trend(values: Sequence[float | None], titles: Sequence[str], colours: Sequence[str], *, label: str) -> Markup:
    """A line over windows, oldest first; windows without a value are left out."""
    width, height, margin = 220, 46, 6
    known = [(position, value) for position, value in enumerate(values) if value is not None and math.isfinite(value)]
    if not known:
        return Markup("")
    low, high = min(value for _, value in known), max(value for _, value in known)
    spread = (high - low) or max(abs(high), 1e-9)
    base = low if high > low else low - spread / 2
    step = (width - 2 * margin) / max(len(values) - 1, 1)
    points = [
        (position, margin + position * step, height - margin - (value - base) / spread * (height - 2 * margin))
        for position, value in known
    ]
    dots = Markup("").join(_DOT.format(x=x, y=y, colour=colours[i], title=titles[i]) for i, x, y in points)
    return _LINE.format(
        width=width,
        height=height,
        label=label,
        points=" ".join(f"{x:.1f},{y:.1f}" for _, x, y in points),
        colour=GREY,
        dots=dots,
    )


def colour_of(verdict: str) -> str:
    """The colour of a verdict or status."""
    return COLOURS.get(verdict, GREY)


def _share(value: float, full: float) -> float:
    return min(max(value / full, 0.0), 1.0) if full > 0 else 0.0


def _arc(share: float) -> str:
    x, y = _point(share, 50)
    return f"M 10 60 A 50 50 0 0 1 {x:.2f} {y:.2f}"


def _mark(share: float) -> Markup:
    (x1, y1), (x2, y2) = _point(share, 42), _point(share, 58)
    return _MARK.format(x1=x1, y1=y1, x2=x2, y2=y2)


def _point(share: float, radius: float) -> tuple[float, float]:
    angle = math.pi * (1 - share)
    return 60 + radius * math.cos(angle), 60 - radius * math.sin(angle)
