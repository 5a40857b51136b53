"""Train the classifier of attempts by meaning, for versions whose embedder is multilingual-e5-small.

    python benchmarks/guardrails/train_injection_meaning.py DATA SEED_TASKS [USER_TASKS]

Logistic regression over sentence embeddings of the texts that `train_injection_cues.py` learns from. The labelled
attempts are translations, and some are of one text: the rates that it prints leave a language out, and with it every
attempt of another language whose vector is as near as a translation's. Its logit and that of the classifier of cue
words count together; the cut-off is where 1 % of the harmless texts of a language that was left out score above it. For
English it is where 2 % of our own harmless examples of templates that neither saw do. USER_TASKS are self-instruct's
user-oriented instructions, of which nothing was trained on: shares of them are printed beside others of our examples.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from bench_injection_languages import stored_cut
from data import asked_of_models, read
from injection_seeds import examples
from languages import LANGUAGES, Texts, texts_of
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from train_injection_cues import FOLDS, Example, of_language, own, requests, unseen
from train_injection_cues import fitted as fitted_by_cues
from train_injection_cues import logits as cue_logits

from tasks_lib.assistant.embedders.cached import CachedEmbedder
from tasks_lib.assistant.embedders.multilingual_e5 import MultilingualE5
from tasks_lib.assistant.guardrails import injection_meaning
from tasks_lib.assistant.guardrails.injection_meaning import OF_MEANING
from tasks_lib.assistant.guardrails.injection_model import PROBE, WINDOW
from tasks_lib.assistant.guardrails.normalise import normalise

REGULARISATION = 5.0
OF_OWN = 0.1
"""Weight of one of our own English examples."""
FALSE_ALARMS, FALSE_ALARMS_ENGLISH, SHOWN = 0.01, 0.02, 0.05
OF_INSTRUCTIONS = 1.0
USER_TASKS = 3
"""Place of that argument."""
TRANSLATED = 0.9
"""Cosine from which an attempt in another language may be a translation of one that is scored."""

EMBEDDER = CachedEmbedder(MultilingualE5(), 20_000)


def vectors(texts: Sequence[str]) -> np.ndarray:
    """As the product reads texts."""
    return EMBEDDER.vectors([normalise(text[:WINDOW]).text.strip() for text in texts])


def rows_of(known: dict[str, Texts], without: str = "") -> list[Example]:
    """Examples of all languages but one, and our own."""
    rows = [row for language, texts in known.items() if language != without for row in of_language(texts)]
    if without:
        scored = vectors(known[without].attempts)
        near = (vectors([text for text, *_ in rows]) @ scored.T).max(axis=1) >= TRANSLATED
        rows = [row for row, translated in zip(rows, near, strict=True) if not (row[1] and translated)]
    return [*rows, *((text, label, OF_OWN) for text, label, _ in own()), *requests(OF_INSTRUCTIONS)]


def fitted(rows: Sequence[Example]) -> LogisticRegression:
    """The classifier trained on these examples."""
    model = LogisticRegression(C=REGULARISATION, max_iter=3000)
    texts, labels, weights = zip(*rows, strict=True)
    return model.fit(vectors(texts), labels, sample_weight=weights)


def logits(model: LogisticRegression, texts: Sequence[str]) -> np.ndarray:
    """Of each text."""
    return model.decision_function(vectors(texts)) if texts else np.zeros(0)


def recall(attempts: np.ndarray, harmless: np.ndarray) -> str:
    """Where 5 % of the harmless texts score above."""
    if not len(harmless):
        return "–"
    return f"{(attempts > np.sort(harmless)[::-1][int(SHOWN * len(harmless))]).mean():.2f}"


def both(meaning: np.ndarray, cues: np.ndarray) -> np.ndarray:
    """Logits of both classifiers together."""
    return OF_MEANING * meaning + (1 - OF_MEANING) * cues


def english_cuts(known: dict[str, Texts]) -> dict[float, tuple[float, float]]:
    """Share of our harmless English examples → logit of both that it exceeds, and share of our attempts that do.

    Each is scored by models that saw none of its template.
    """
    seeds = examples()
    texts, labels = [text for text, *_ in seeds], np.array([label for _, label, _ in seeds])
    public = [row for own_ in known.values() for row in of_language(own_)]
    first, second, weighted = np.zeros(len(seeds)), np.zeros(len(seeds)), own()
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    for train, test in folds.split(texts, labels, [template for *_, template in seeds]):
        seen = [weighted[i] for i in train]
        asked = [texts[i] for i in test]
        first[test] = logits(
            fitted([*public, *requests(OF_INSTRUCTIONS), *((t, y, OF_OWN) for t, y, _ in seen)]), asked
        )
        second[test] = cue_logits(fitted_by_cues([*public, *requests(OF_INSTRUCTIONS), *seen]), asked)
    scores = both(first, second)
    cuts = {share: float(np.quantile(scores[labels == 0], 1 - share)) for share in (0.01, 0.02, 0.03, 0.05)}
    return {share: (cut, float((scores[labels == 1] >= cut).mean())) for share, cut in cuts.items()}


def main() -> None:
    """Leave each language out, fit, calibrate, write."""
    known = {language: texts_of(language) for language in LANGUAGES}
    models = {language: (fitted(rows_of(known, language)), unseen(known, language)) for language in known}

    def score(language: str, texts: Sequence[str]) -> np.ndarray:
        meaning, cues = models[language]
        return both(logits(meaning, list(texts)), cue_logits(cues, list(texts)))

    scored = {name: [score(name, own_) for own_ in texts] for name, texts in known.items()}
    cut = float(np.quantile(np.concatenate([np.r_[one[1], one[2]] for one in scored.values()]), 1 - FALSE_ALARMS))
    cuts = english_cuts(known)
    english = cuts[FALSE_ALARMS_ENGLISH][0]
    model = fitted(rows_of(known))
    asked = np.zeros(0)
    if len(sys.argv) > USER_TASKS:
        tasks = asked_of_models(Path(sys.argv[USER_TASKS]))
        every = [row for own_ in known.values() for row in of_language(own_)]
        asked = both(logits(model, tasks), cue_logits(fitted_by_cues([*every, *own(), *requests()]), tasks))
    for share, (at, found) in cuts.items():
        flagged = f"{(asked >= at).mean():.3f}" if len(asked) else "–"
        print(f"English cut-off at {share:.0%} of our harmless: {found:.3f} of our attempts, {flagged} of users' tasks")
    for name, (attempts, harmless, questions) in scored.items():
        at = english if name == "en" else cut
        print(
            f"{LANGUAGES[name]:8} recall at 5 % of harmless {recall(attempts, harmless)}, of questions "
            f"{recall(attempts, questions)}; at the cut-off {(attempts >= at).mean():.2f}, flagged of harmless "
            f"{(harmless >= at).mean() if len(harmless) else np.nan:.3f}, of questions "
            f"{(questions >= at).mean() if len(questions) else np.nan:.3f}"
        )
    trigger = score("en", [row["prompt"] for row in read("injection/notinject_one.json")])
    labelled = read("injection/prompts_labelled.json")
    truth = np.array([row["label"] for row in labelled]) == 1
    prompts = score("en", [row["prompt"] for row in labelled])
    print(
        f"English, harmless with trigger words: recall at 5 % {recall(scored['en'][0], trigger)}, flagged "
        f"{(trigger >= english).mean():.3f}; labelled prompts: recall {(prompts[truth] >= english).mean():.3f} at the "
        f"cut-off, at 5 % of trigger words {recall(prompts[truth], trigger)}"
    )
    cues = stored_cut()
    stored = {
        "intercept": round(float(model.intercept_[0]), 4),
        "cut_off": round(cut - (1 - OF_MEANING) * cues, 4),
        "english": round(english - (1 - OF_MEANING) * cues, 4),
        "embedding": [round(float(weight), 4) for weight in model.coef_[0]],
        "probe": [round(float(value), 5) for value in EMBEDDER.embed([PROBE])[0]],
    }
    path = Path(injection_meaning.__file__).parent / injection_meaning.WEIGHTS
    path.write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"cut-off at {cut:.2f}, English {english:.2f}; wrote {path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
