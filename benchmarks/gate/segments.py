"""How often a segment that collapses is found, and how often one is accused wrongly, by simulation of the gate's test.

Two versions, right on 85 % of the questions, answer a set divided by three keys (four kinds, two languages, ten
folders). Segments that lose nothing, one that loses the tolerated loss, all that do, and one of a tenth of the
questions that collapses.

    python benchmarks/gate/segments.py [--simulations 1000] [--questions 500]
"""

import argparse

import numpy as np

from tasks_lib.config.gate import GateConfig
from tasks_lib.gate.measurement import Measurement, QuestionResult
from tasks_lib.gate.segments import segment_losses
from tasks_lib.gate.sequence import looks_of

RIGHT = 0.85
CHANGED = 0.1
"""Share of the answers that differ between two equal versions."""
FOLDERS, KINDS, LANGUAGES = 10, 4, 2
Rng = np.random.Generator


def versions(rng: Rng, questions: int, losses: dict[int, float]) -> tuple[Measurement, Measurement]:
    """Candidate and production. `losses`: folder → points that the candidate loses there."""
    folder = rng.permutation(np.arange(questions) % FOLDERS)
    kind, language = rng.integers(KINDS, size=questions), rng.integers(LANGUAGES, size=questions)
    production = rng.random(questions) < RIGHT
    redrawn = rng.random(questions) < CHANGED / (2 * RIGHT * (1 - RIGHT))
    candidate = np.where(redrawn, rng.random(questions) < RIGHT, production)
    lost = np.array([losses.get(int(place), 0.0) for place in folder])
    candidate &= rng.random(questions) >= lost / RIGHT
    names = [
        {"folder": str(a), "kind": str(b), "language": str(c)} for a, b, c in zip(folder, kind, language, strict=True)
    ]
    return measured(candidate, names), measured(production, names)


def measured(right: np.ndarray, segments: list[dict[str, str]]) -> Measurement:
    rows = [
        QuestionResult.model_construct(
            example_id=str(number), segments=of, values={"right_or_refused": float(is_right)}
        )
        for number, (is_right, of) in enumerate(zip(right, segments, strict=True))
    ]
    return Measurement.model_construct(version=1, primary="right_or_refused", ceilings=[], rows=rows)


def simulate(gate: GateConfig, questions: int, losses: dict[int, float], simulations: int) -> tuple[float, float]:
    """Share of runs that accuse folder 0, and of those that accuse any segment, at any look."""
    rng = np.random.default_rng([questions, len(losses), int(100 * sum(losses.values()))])
    named = accused = 0
    for _ in range(simulations):
        candidate, production = versions(rng, questions, losses)
        found: set[tuple[str, str]] = set()
        for look in looks_of(gate, questions, compared=True):
            parts = (each.model_copy(update={"rows": each.rows[: look.questions]}) for each in (candidate, production))
            losing, _ = segment_losses(*parts, gate, look)
            found |= {(loss.key, loss.value) for loss in losing}
        named += ("folder", "0") in found
        accused += bool(found)
    return named / simulations, accused / simulations


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--resamples", type=int, default=GateConfig().resamples)
    options = parser.parse_args()
    gate = GateConfig(resamples=options.resamples)
    margin = gate.segment_margin
    truths: dict[str, dict[int, float]] = {
        "no segment loses anything": {},
        "one loses the tolerated loss": {0: margin},
        "all lose the tolerated loss": dict.fromkeys(range(FOLDERS), margin),
        "one loses 30 points": {0: 0.3},
        "one loses 40 points": {0: 0.4},
        "one loses 50 points": {0: 0.5},
    }
    print(f"{options.simulations} simulations, {options.questions} questions, tolerated loss {margin:g} in a segment")
    print(f"{'truth':<30}{'found (folder 0)':>18}{'any segment accused':>21}")
    for name, losses in truths.items():
        found, accused = simulate(gate, options.questions, losses, options.simulations)
        print(f"{name:<30}{found:>18.1%}{accused:>21.1%}", flush=True)


if __name__ == "__main__":
    main()
