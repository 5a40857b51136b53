"""Small SVG pictures for the report, each complete in itself: gauges, lines over the windows, distributions."""

import math
from base64 import b64encode
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

COLOURS = {"drifted": "#c0392b", "improved": "#1e8449", "failed": "#c0392b", "healthy": "#1e8449"}
NEUTRAL = "#34618d"
GREY, PALE = "#8a8f98", "#d4d8dd"
BINS = 24
_OPEN = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
    'role="img" aria-label="{label}"><rect width="100%" height="100%" fill="#fff"/>'
)
_GAUGE = Markup(
    '<path d="{track}" fill="none" stroke="#e6e9ed" stroke-width="11"/>'
    '<path d="{arc}" fill="none" stroke="{colour}" stroke-width="11"/>{mark}'
    '<text x="60" y="62" text-anchor="middle" font-family="sans-serif" font-size="17" font-weight="600" '
    'fill="#22262b">{text}</text></svg>'
)
_MARK = Markup(
    '<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#222" stroke-width="2.5">'
    "<title>reference</title></line>"
)
_LINE = Markup('<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>{dots}</svg>')
_DOT = Markup('<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>{title}</title></circle>')
_HISTOGRAMS = Markup(
    '<polygon points="{before}" fill="{pale}"/>'
    '<polyline points="{now}" fill="none" stroke="{colour}" stroke-width="1.8"/></svg>'
)
_BARS = Markup(
    '<rect x="0" y="6" width="{width}" height="28" fill="#f1f3f5"/>'
    '<rect x="0" y="6" width="{before:.1f}" height="13" fill="{pale}"/>'
    '<rect x="0" y="21" width="{now:.1f}" height="13" fill="{colour}"/></svg>'
)


def gauge(value: float, reference: float | None, *, full: float, text: str, label: str, status: str) -> Markup:
    """A half circle filled to `value` of `full`, with a mark at the reference."""
    share = _share(value, full)
    return _OPEN.format(width=120, height=74, label=f"{label}: {text}") + _GAUGE.format(
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
    return _OPEN.format(width=width, height=height, label=label) + _LINE.format(
        points=" ".join(f"{x:.1f},{y:.1f}" for _, x, y in points),
        colour=GREY,
        dots=dots,
    )


def histograms(before: NDArray[np.float64], now: NDArray[np.float64], *, label: str, status: str) -> Markup:
    """How both samples are distributed: the reference as a grey area, this window as a line.

    The outermost percent of the values are drawn at the edges.
    """
    width, height = 150, 40
    low, high = np.quantile(np.concatenate([before, now]), [0.01, 0.99])
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    shares = [np.histogram(np.clip(side, edges[0], edges[-1]), edges)[0] / len(side) for side in (before, now)]
    tallest = max(float(share.max()) for share in shares)
    area, line = (_steps(share / tallest, width, height) for share in shares)
    drawn = _HISTOGRAMS.format(before=area, now=line, pale=PALE, colour=COLOURS.get(status, NEUTRAL))
    return _OPEN.format(width=width, height=height, label=label) + drawn


def bars(before: float, now: float, *, label: str, status: str) -> Markup:
    """Two shares, the reference's in grey above this window's."""
    width = 150
    drawn = _BARS.format(
        width=width, before=before * width, now=now * width, pale="#b5bac1", colour=COLOURS.get(status, NEUTRAL)
    )
    return _OPEN.format(width=width, height=40, label=label) + drawn


def data_uri(picture: Markup) -> str:
    """The picture as an address that holds it."""
    return "data:image/svg+xml;base64," + b64encode(picture.encode()).decode()


def colour_of(verdict: str) -> str:
    """The colour of a verdict or status."""
    return COLOURS.get(verdict, GREY)


def _steps(shares: NDArray[np.float64], width: int, height: int) -> str:
    """The outline of a histogram, from the left of its base to the right."""
    xs = np.repeat(np.linspace(1, width - 1, len(shares) + 1), 2)
    ys = height - 1 - np.concatenate([[0.0], np.repeat(shares, 2), [0.0]]) * (height - 4)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))


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
