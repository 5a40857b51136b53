"""How sure each look of a group-sequential comparison must be, so that all looks together err no more than one would.

An error-spending function says which part of the error rate may be used up when a share `t` of the questions was asked
(Lan & DeMets, 1983, "Discrete sequential boundaries for clinical trials", Biometrika 70). The level of a look is the
tail probability that a one-sided interval must leave out there. An interval at the level of its look is a repeated
confidence interval: those of all looks together cover at the asked confidence, whenever one stops (Jennison &
Turnbull, 1989, "Interim analyses: the repeated confidence interval approach", JRSS B 51).
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Spending = Literal["obrien-fleming", "pocock"]

_GRID = 801
_REACH = 8.0
"""Standard deviations beyond which no probability is counted."""


def spent(share: float, error: float, spending: Spending) -> float:
    """The part of `error` that may be used up by the time that `share` (0 to 1) of the questions was asked.

    `obrien-fleming`: 2 - 2 Phi(z_{error/2} / sqrt(share)), which asks for much early and for hardly more than one look
    would at the end. `pocock`: error * ln(1 + (e - 1) share), about as much at every look (both Lan & DeMets, 1983).
    """
    from scipy.stats import norm

    if share <= 0:
        return 0.0
    if share >= 1:
        return error
    if spending == "pocock":
        return error * math.log1p((math.e - 1) * share)
    return float(2 * norm.sf(norm.isf(error / 2) / math.sqrt(share)))


@cache
def levels(shares: tuple[float, ...], error: float, spending: Spending, least: float = 0.0) -> tuple[float, ...]:
    """The one-sided level of every look; one look has the level `error`.

    The boundaries c_k solve P(Z_1 < c_1, …, Z_{k-1} < c_{k-1}, Z_k >= c_k) = spent(t_k) - spent(t_{k-1}) for the
    standardised sums of a normal sample, by recursive numerical integration (Armitage, McPherson & Rowe, 1969;
    Jennison & Turnbull, 2000, "Group Sequential Methods", chapter 19); the level is 1 - Phi(c_k).

    :param shares: Of the questions asked by each look, rising to 1; or to less, where fewer could be asked than were
        planned: the last look may use up what is left of the error, as long as not the answers have ended it.
    :param least: A look whose level would be below this decides nothing, and leaves what it may spend to the next: a
        bootstrap of few resamples cannot tell so small a tail.
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    found: list[float] = []
    used = before = 0.0
    grid, density = np.zeros(1), np.ones(1)
    for share in shares:
        step = math.sqrt(share - before)
        allowed = (error if share == shares[-1] else spent(share, error, spending)) - used

        def crossing(bound: float, step: float = step, grid: Grid = grid, density: Grid = density) -> float:
            return float(_integral(grid, density * norm.sf((bound - grid) / step)))

        reach = _REACH * math.sqrt(share)
        bound = reach
        if allowed > 0 and crossing(reach) < allowed:
            bound = float(brentq(lambda at, allowed=allowed: crossing(at) - allowed, -reach, reach, xtol=1e-10))
        level = float(norm.sf(bound / math.sqrt(share)))
        if level < (least if share < shares[-1] else 0.0) or not level:
            level, bound = 0.0, reach
        else:
            used += crossing(bound)
        found.append(level)
        inside = np.linspace(-reach, bound, _GRID)
        kernel = norm.pdf((inside[:, None] - grid[None, :]) / step) / step
        grid, density = inside, np.asarray(_integral(grid, kernel * density[None, :]))
        before = share
    return tuple(found)


Grid = NDArray[np.float64]


def _integral(grid: Grid, values: Grid) -> Grid | float:
    """Over the last axis; of a single point, its value: the sum begins at 0."""
    from scipy.integrate import simpson

    return values[..., 0] if len(grid) == 1 else simpson(values, x=grid, axis=-1)


def looks(questions: int, count: int, least: int) -> tuple[int, ...]:
    """Questions asked by each of at most `count` looks, as equal as can be, the last with all of them.

    :param least: Fewer questions than this prove nothing, so that no look comes before; the first gets as many.
    """
    after = [round(questions * number / count) for number in range(1, count)]
    return (*dict.fromkeys(look for look in after if least <= look < questions), questions)


def looks_beyond(questions: int, most: int, count: int, least: int) -> tuple[int, ...]:
    """As :func:`looks` of `most` questions of which `questions` are there: once these are asked, it is looked, too.

    Looks that would come close to that one, by less than half of what a look adds, are left out.
    """
    near = most / count / 2
    planned = looks(most, count, least)
    return tuple(sorted({*(size for size in planned if abs(size - questions) > near), questions, most}))


def shares_of(sizes: Sequence[int], planned: int | None = None) -> tuple[float, ...]:
    """Information fractions of looks at a mean: shares of the questions, of those planned where fewer are asked."""
    return tuple(size / (planned or sizes[-1]) for size in sizes)
