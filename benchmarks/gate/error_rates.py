"""How often the gate errs, by simulation: pairs of right-or-wrong versions whose true difference is known.

Prints, for the gate's bound and for the plain percentile bootstrap that a user could have taken instead:
the share promoted when the true loss equals the margin (an error), when there is no difference, and when 10 points
are lost.

    python benchmarks/gate/error_rates.py [--simulations 1000] [--resamples 2000]
"""

import argparse
from collections import Counter

import numpy as np

from tasks_lib.gate.statistics import bounds

MARGIN = 0.05
CONFIDENCE = 0.95
DISCORDANCES = (0.1, 0.3)
QUESTIONS = (50, 200, 500, 1000)
Rng = np.random.Generator


def differences(rng: Rng, questions: int, discordance: float, loss: float) -> np.ndarray:
    won = (discordance - loss) / 2
    return rng.choice([1.0, -1.0, 0.0], size=questions, p=[won, discordance - won, 1 - discordance])


def plain_lower(values: np.ndarray, resamples: int, rng: Rng) -> float:
    """Percentile bootstrap as textbooks have it; a resample of right-or-wrong pairs is multinomial."""
    count = len(values)
    shares = [(values == 1).mean(), (values == -1).mean(), (values == 0).mean()]
    drawn = rng.multinomial(count, shares, size=resamples)
    return float(np.quantile((drawn[:, 0] - drawn[:, 1]) / count, 1 - CONFIDENCE))


def simulate(questions: int, discordance: float, loss: float, simulations: int, resamples: int) -> Counter[str]:
    rng = np.random.default_rng([questions, int(discordance * 100), int(loss * 100)])
    seen: Counter[str] = Counter()
    for seed in range(simulations):
        values = differences(rng, questions, discordance, loss)
        found = bounds(values.tolist(), confidence=CONFIDENCE, resamples=resamples, seed=seed)
        verdict = "reject" if found.upper < -MARGIN else "promote" if found.lower >= -MARGIN else "undecided"
        seen[verdict] += 1
        seen["plain"] += plain_lower(values, resamples, rng) >= -MARGIN
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=2000)
    options = parser.parse_args()
    print(f"{options.simulations} simulations, margin {MARGIN}, one-sided {CONFIDENCE:.0%}")
    print(
        f"{'truth':<26}{'discordant':>11}{'questions':>10}{'promote':>9}{'undecided':>11}{'reject':>8}"
        f"{'plain promotes':>16}"
    )
    truths = (("loss equals the margin", MARGIN), ("no difference", 0.0), ("loss of 10 points", 0.1))
    for name, loss in truths:
        for discordance in DISCORDANCES:
            for questions in QUESTIONS:
                seen = simulate(questions, discordance, loss, options.simulations, options.resamples)
                shares = {key: seen[key] / options.simulations for key in ("promote", "undecided", "reject", "plain")}
                print(
                    f"{name:<26}{discordance:>11.0%}{questions:>10}{shares['promote']:>9.1%}{shares['undecided']:>11.1%}"
                    f"{shares['reject']:>8.1%}{shares['plain']:>16.1%}"
                )


if __name__ == "__main__":
    main()
