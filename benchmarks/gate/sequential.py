"""The gate that asks until it knows beside one that asks all questions first, by simulation.

Pairs of right-or-wrong versions whose true difference is known are looked at as `gate.looks` plans it, by the bounds
that the gate uses. Prints the share promoted and rejected, and the mean number of questions, of the fixed design (one
look) and of both spending functions.

    python benchmarks/gate/sequential.py [--simulations 2000] [--looks 4]
"""

import argparse
from collections import Counter

import numpy as np
from error_rates import CONFIDENCE, DISCORDANCES, MARGIN, differences

from tasks_lib.config.gate import GateConfig
from tasks_lib.gate.sequence import looks_of
from tasks_lib.gate.statistics import bounds

QUESTIONS = (200, 500, 1000)
TRUTHS = (("loss equals the margin", MARGIN), ("no difference", 0.0), ("loss of 10 points", 0.1), ("gain of 10", -0.1))


def decided(values: np.ndarray, gate: GateConfig, seed: int) -> tuple[str, int]:
    """The verdict, and the questions that it took."""
    for look in looks_of(gate, len(values), compared=True):
        seen = values[: look.questions].tolist()
        found = bounds(seen, confidence=1 - look.level, resamples=gate.resamples, seed=seed)
        if found.upper < -MARGIN:
            return "reject", look.questions
        if found.lower >= -MARGIN:
            return "promote", look.questions
    return "undecided", len(values)


def simulate(gate: GateConfig, questions: int, discordance: float, loss: float, simulations: int) -> dict[str, float]:
    rng = np.random.default_rng([questions, int(discordance * 100), int((loss + 1) * 100)])
    seen: Counter[str] = Counter()
    for seed in range(simulations):
        verdict, asked = decided(differences(rng, questions, discordance, loss), gate, seed)
        seen.update({verdict: 1, "asked": asked})
    return {name: seen[name] / simulations for name in ("promote", "reject", "asked")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=2000)
    parser.add_argument("--looks", type=int, default=GateConfig().looks)
    options = parser.parse_args()
    designs = {"fixed": GateConfig(looks=1)} | {
        name: GateConfig(looks=options.looks, spending=name) for name in ("obrien-fleming", "pocock")
    }
    print(f"{options.simulations} simulations, margin {MARGIN}, one-sided {CONFIDENCE:.0%}, {options.looks} looks")
    print("promoted % / rejected % / mean questions; standard error of a share of 5 %: ", end="")
    print(f"{100 * np.sqrt(0.05 * 0.95 / options.simulations):.1f} points")
    print(f"{'truth':<24}{'discordant':>11}{'questions':>10}" + "".join(f"{name:>26}" for name in designs))
    for name, loss in TRUTHS:
        for discordance in DISCORDANCES:
            for questions in QUESTIONS:
                cells = [simulate(gate, questions, discordance, loss, options.simulations) for gate in designs.values()]
                row = "".join(f"{cell['promote']:>10.1%}{cell['reject']:>8.1%}{cell['asked']:>8.0f}" for cell in cells)
                print(f"{name:<24}{discordance:>11.0%}{questions:>10}{row}", flush=True)


if __name__ == "__main__":
    main()
