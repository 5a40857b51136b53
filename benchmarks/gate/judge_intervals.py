"""How honest and how narrow the judge-corrected interval is, by simulation.

Answers of known worth are judged by judges of known accuracy: unbiased ones err as often to either side in number,
biased ones only ever flatter. A few answers are labelled by people. Prints the coverage of the 95 % interval, its mean
width, that of the labels alone, of the judge alone, and how many labels alone would be as narrow.

    python benchmarks/gate/judge_intervals.py [--simulations 1000] [--answers 1000] [--labels 50 100 200]
"""

import argparse

import numpy as np
from scipy.stats import t

from tasks_lib.gate.prediction_powered import corrected

RIGHT = 0.75
ACCURACIES = (0.7, 0.8, 0.9, 0.95)
Rng = np.random.Generator


def judged(rng: Rng, labels: np.ndarray, accuracy: float, *, biased: bool) -> np.ndarray:
    """Verdicts that are right with `accuracy`: flattering only, or as many flattered as found fault with."""
    wrong = labels == 0
    if biased:
        return np.where(wrong & (rng.random(len(labels)) < (1 - accuracy) / (1 - RIGHT)), 1.0, labels)
    half = (1 - accuracy) / 2
    flips = np.where(wrong, half / (1 - RIGHT), half / RIGHT)
    return np.abs(labels - (rng.random(len(labels)) < flips))


def of_labels_alone(labels: np.ndarray) -> tuple[float, float]:
    """Student's interval of the mean."""
    reach = t.ppf(0.975, len(labels) - 1) * labels.std(ddof=1) / np.sqrt(len(labels))
    return labels.mean() - reach, labels.mean() + reach


def simulate(accuracy: float, *, biased: bool, labels: int, answers: int, simulations: int) -> dict[str, float]:
    rng = np.random.default_rng([int(accuracy * 100), biased, labels, answers])
    seen: dict[str, list[float]] = {}
    for _ in range(simulations):
        truth = (rng.random(answers) < RIGHT).astype(float)
        scores = judged(rng, truth, accuracy, biased=biased)
        found = corrected("judge", list(zip(scores[:labels], truth[:labels], strict=True)), scores[labels:])
        low, high = of_labels_alone(truth[:labels])
        seen.setdefault("refused", []).append(found.standing != "corrected")
        seen.setdefault("alone width", []).append(high - low)
        seen.setdefault("alone", []).append(low <= RIGHT <= high)
        seen.setdefault("judge bias", []).append(scores.mean() - RIGHT)
        if found.lower is not None and found.upper is not None:
            seen.setdefault("covered", []).append(found.lower <= RIGHT <= found.upper)
            seen.setdefault("width", []).append(found.upper - found.lower)
    return {name: float(np.mean(values)) for name, values in seen.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--answers", type=int, default=1000)
    parser.add_argument("--labels", type=int, nargs="+", default=[50, 100, 200])
    options = parser.parse_args()
    print(f"{options.simulations} simulations, {options.answers} answers judged, {RIGHT:.0%} of them right, 95 %")
    print(
        "judge                labels  covered  refused  width  labels alone: covered  width  labels saved  judge's bias"
    )
    for biased in (False, True):
        for accuracy in ACCURACIES if not biased else (a for a in ACCURACIES if 1 - a < 1 - RIGHT):
            for labels in options.labels:
                found = simulate(
                    accuracy, biased=biased, labels=labels, answers=options.answers, simulations=options.simulations
                )
                saved = 1 - (found["width"] / found["alone width"]) ** 2
                print(
                    f"{accuracy:.0%} {'flatters' if biased else 'unbiased':<12}{labels:>9}{found['covered']:>9.1%}"
                    f"{found['refused']:>9.1%}{found['width']:>7.3f}{found['alone']:>23.1%}{found['alone width']:>7.3f}"
                    f"{saved:>14.0%}{found['judge bias']:>14.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
