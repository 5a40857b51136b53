"""Train the classifier of attempts in any language and write its weights into the package.

    python benchmarks/guardrails/train_injection_cues.py [DATA]

It learns from our own examples and from the labelled attempts of five languages with harmless prompts and
questions in them (PurpleLlama's CyberSecEval, XQuAD, Chroma, CLAPNQ), as concepts, never as words. Its cut-off is where
1 % of the harmless texts of a language that it did not see score above it. For English the logits
of both classifiers count, and their cut-off is set on our own examples of templates that neither saw.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from harmless_requests import REQUESTS
from injection_seeds import examples
from languages import LANGUAGES, Texts, texts_of
from scipy.sparse import csr_matrix
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from train_injection import FALSE_ALARMS as OF_ENGLISH
from train_injection import classifier, matrix

from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.guardrails import injection_cue_model
from tasks_lib.assistant.guardrails.injection_cue_model import cue_features, in_english
from tasks_lib.assistant.guardrails.injection_model import WINDOW
from tasks_lib.assistant.guardrails.normalise import normalise

FALSE_ALARMS, FALSE_ALARMS_ENGLISH = 0.01, 0.003
REGULARISATION = 2.0
OF_ATTEMPTS, OF_OWN_ATTEMPTS, OF_OWN_HARMLESS = 5.0, 0.3, 0.3
"""Weights of an attempt of the labelled set and of our own English examples; all others weigh 1."""
OF_REQUESTS = 3.0
FOLDS = 8

Example = tuple[str, int, float]
"""Text, 1 for an attempt, weight."""


def of_language(texts: Texts) -> list[Example]:
    """The labelled texts of one language, as examples."""
    harmless = [(text, 0, 1.0) for text in (*texts.harmless, *texts.questions)]
    return [(text, 1, OF_ATTEMPTS) for text in texts.attempts] + harmless


def own() -> list[Example]:
    """Our English examples."""
    return [(text, label, OF_OWN_ATTEMPTS if label else OF_OWN_HARMLESS) for text, label, _ in examples()]


def requests() -> list[Example]:
    """Our harmless requests in several languages."""
    return [(text, 0, OF_REQUESTS) for text in REQUESTS]


def features(texts: Sequence[str]) -> list[dict[str, float]]:
    """As the product reads texts."""
    return [cue_features(normalise(text).text) for text in texts]


def fitted(rows: Sequence[Example]) -> Pipeline:
    """The classifier trained on these examples."""
    model = make_pipeline(DictVectorizer(), LogisticRegression(C=REGULARISATION, max_iter=3000))
    weights = [weight for *_, weight in rows]
    return model.fit(
        features([text for text, *_ in rows]),
        [label for _, label, _ in rows],
        logisticregression__sample_weight=weights,
    )


def logits(model: Pipeline, texts: Sequence[str]) -> np.ndarray:
    """Of each text."""
    return model.decision_function(features(texts)) if texts else np.zeros(0)


def unseen(known: dict[str, Texts], language: str) -> Pipeline:
    """Trained without this language; without our own examples, too, where it is English."""
    rows = [row for other, texts in known.items() if other != language for row in of_language(texts)]
    return fitted([*rows, *own(), *requests()])


def english_cut(known: dict[str, Texts], cut: float) -> float:
    """Logit of both together that 0.3 % of our harmless English examples exceed, of templates that neither model saw.

    :param cut: Of this classifier; logits count from the cut-off of each.
    """
    rows = examples()
    texts, labels = [text for text, *_ in rows], np.array([label for _, label, _ in rows])
    public = [row for language_texts in known.values() for row in of_language(language_texts)]
    ngrams: csr_matrix = matrix(texts, np.asarray(MiniLM().embed([text[:WINDOW] for text in texts])))
    first, second = np.zeros(len(rows)), np.zeros(len(rows))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    weighted = own()
    for train, test in folds.split(ngrams, labels, [template for *_, template in rows]):
        first[test] = classifier().fit(ngrams[train], labels[train]).decision_function(ngrams[test])
        second[test] = logits(fitted([*public, *requests(), *(weighted[i] for i in train)]), [texts[i] for i in test])
    of_first = np.quantile(first[labels == 0], 1 - OF_ENGLISH)
    both = in_english(first - of_first, second - cut)
    return float(np.quantile(both[labels == 0], 1 - FALSE_ALARMS_ENGLISH))


def main() -> None:
    """Fit, calibrate, write."""
    known = {language: texts_of(language) for language in LANGUAGES}
    harmless = [logits(unseen(known, name), [*own_.harmless, *own_.questions]) for name, own_ in known.items()]
    cut = float(np.quantile(np.concatenate(harmless), 1 - FALSE_ALARMS))
    every = [row for texts in known.values() for row in of_language(texts)]
    model = fitted([*every, *own(), *requests()])
    names, regression = model[0].get_feature_names_out(), model[1]
    stored = {
        "examples": len(every) + len(own()) + len(requests()),
        "cut_off": round(cut, 4),
        "intercept": round(float(regression.intercept_[0]) - cut, 4),
        "english": round(english_cut(known, cut), 4),
        "weights": {
            name: round(float(w), 3) for name, w in zip(names, regression.coef_[0], strict=True) if abs(w) >= 0.001
        },
    }
    path = Path(injection_cue_model.__file__).parent / injection_cue_model.WEIGHTS
    path.write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")
    print(
        f"{len(every) + len(own()) + len(requests())} examples, cut-off at {cut:.2f}, English {stored['english']:.2f}; "
        f"wrote {path.name}: {path.stat().st_size:,} bytes"
    )


if __name__ == "__main__":
    main()
