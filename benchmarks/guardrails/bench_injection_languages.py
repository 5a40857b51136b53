"""Injection by language: recall where 5 % of harmless texts are flagged, and at the default cut-off.

    python benchmarks/guardrails/bench_injection_languages.py DATA SEED_TASKS

Unseen: the classifier of cue words was trained without the language. Fitted: as shipped, trained on all five. Both are
scored as the product does, rules and English classifier included. What is not measured on labelled attempts of its own
language is not claimed: the list of cue words knows other languages, too.
"""

import json
from pathlib import Path

import numpy as np
from data import read
from languages import LANGUAGES, Texts, texts_of
from sklearn.pipeline import Pipeline
from train_injection_cues import unseen

from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.guardrails import injection_cue_model
from tasks_lib.assistant.guardrails.injection import InjectionScorer
from tasks_lib.assistant.guardrails.injection_cue_model import CueModel, cue_features, cue_model
from tasks_lib.config.guardrails import InjectionConfig

FALSE_ALARMS = 0.05
CUT = InjectionConfig().threshold


class TrainedWithout(CueModel):
    """The classifier that never saw one language, at the shipped cut-off."""

    def __init__(self, model: Pipeline, cut: float) -> None:
        super().__init__(0.0, cue_model().english, {})
        self._model = model
        self._cut = cut

    def logit(self, text: str) -> float:
        """As the shipped one."""
        return float(self._model.decision_function([cue_features(text)])[0]) - self._cut


def at_five(attempts: np.ndarray, harmless: np.ndarray) -> str:
    """Recall where at most 5 % of the harmless texts score above."""
    if not len(harmless):
        return "  – "
    return f"{(attempts > np.sort(harmless)[::-1][int(FALSE_ALARMS * len(harmless))]).mean():.2f}"


def flagged(scores: np.ndarray) -> str:
    """Share at the default cut-off."""
    return f"{(scores >= CUT).mean():.3f}" if len(scores) else "  –  "


def scored(cues: CueModel, texts: Texts, embedder: MiniLM) -> list[np.ndarray]:
    """Scores of attempts, harmless prompts and questions, by the product with this classifier of cue words."""
    scorer = InjectionScorer(InjectionConfig(), embedder, cues=cues)
    return [np.array([scorer.score(text) for text in own]) for own in texts]


def stored_cut() -> float:
    """The cut-off of the shipped classifier, in its own logits."""
    weights = Path(injection_cue_model.__file__).parent / injection_cue_model.WEIGHTS
    return float(json.loads(weights.read_text(encoding="utf-8"))["cut_off"])


def main() -> None:
    """Two lines per language, unseen and fitted; then harmless English prompts with trigger words."""
    embedder = MiniLM()
    trigger = Texts([row["prompt"] for row in read("injection/notinject_one.json")], [], [])
    known = {language: texts_of(language) for language in LANGUAGES}
    print(f"{'':16} attempts | recall at 5 % of harmless, of questions | default cut-off: recall, harmless, questions")
    for language, texts in known.items():
        for name, cues in (("unseen", TrainedWithout(unseen(known, language), stored_cut())), ("fitted", cue_model())):
            attempts, harmless, questions = scored(cues, texts, embedder)
            print(
                f"{LANGUAGES[language]:8} {name:7} {len(attempts):8} | {at_five(attempts, harmless):>24} "
                f"{at_five(attempts, questions):>13} | {flagged(attempts):>23} {flagged(harmless):>9} "
                f"{flagged(questions):>10}"
            )
            if language == "en":
                alarms = scored(cues, trigger, embedder)[0]
                print(
                    f"{'':8} {name:7} harmless with trigger words: recall at 5 % {at_five(attempts, alarms)}, "
                    f"flagged {flagged(alarms)}"
                )


if __name__ == "__main__":
    main()
