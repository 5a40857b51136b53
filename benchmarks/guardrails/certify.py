"""Measure every validator by language and embedder at its default cut-off, and write the certificate of the package.

    python benchmarks/guardrails/certify.py DATA SEED_TASKS [EMBEDDER …]

Only a language with texts of both sorts, to be found and harmless, gets figures. Injection: the classifier of cue words
was trained without the language. Personal data: the default entities, generated texts. Secrets: keys that are drawn at
random in sentences of ours. Grounding: see bench_grounding_languages.py. Topics: an article of XQuAD, or a corpus, is
forbidden by five of its questions; the others are to be found, and questions about other articles are harmless.
Without EMBEDDER all of the package are measured; with any other embedder cue words alone find attempts.
"""
# ruff: noqa: RUF001 - some sentences are Chinese

import json
import random
import string
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from bench_grounding_languages import CUT as GROUNDED
from bench_grounding_languages import passages, supports
from bench_injection_languages import TrainedWithout, stored_cut
from data import read
from languages import LANGUAGES, Texts, texts_of
from national_texts import COUNTRIES, marked_texts
from train_injection_cues import unseen
from train_injection_meaning import fitted as fitted_by_meaning
from train_injection_meaning import rows_of

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.embedders.local import LOCAL_EMBEDDERS, local_embedder
from tasks_lib.assistant.guardrails import certificate
from tasks_lib.assistant.guardrails.certificate import Figures
from tasks_lib.assistant.guardrails.detection import CheckContext, Detector
from tasks_lib.assistant.guardrails.injection import InjectionScorer
from tasks_lib.assistant.guardrails.injection_meaning import MeaningModel, meaning_model
from tasks_lib.assistant.guardrails.personal_data.finder import personal_data_finder
from tasks_lib.assistant.guardrails.secrets import SecretsDetector
from tasks_lib.assistant.guardrails.topics import TopicsDetector
from tasks_lib.config.guardrails import InjectionConfig, PersonalDataConfig, SecretsConfig, TopicsConfig

FOUND = 0.8
"""Share of a span that must be found for it to count."""
NUMBERS = {"id", "tax", "phone", "iban"}
"""Kinds of the generated texts that the default entities cover."""
OWN = {
    "en": ("The key is {}.", "My API key: {}", "Please use the token {} for this."),
    "de": ("Der Schlüssel lautet {}.", "Mein API-Key: {}", "Bitte nimm dafür das Token {}."),
    "es": ("La clave es {}.", "Mi clave de API: {}", "Usa para esto el token {}."),
    "fr": ("La clé est {}.", "Ma clé d'API : {}", "Utilisez pour cela le jeton {}."),
    "zh": ("密钥是{}。", "我的API密钥：{}", "请使用令牌{}。"),
}
ISSUED = (("ghp_", 36), ("AKIA", 16), ("sk-proj-", 40), ("glpat-", 20), ("hf_", 34), ("xoxb-", 40))
EXAMPLES = 5
ARTICLES = 10


def finds(detector: Detector, text: str) -> list[tuple[int, int]]:
    """Spans that a detector finds in a question."""
    context = CheckContext("input", float("inf"), messages=[Message(role="user", content=text)])
    return [(finding.start, finding.end) for finding in detector.find(text, context)]


def alarms(detector: Detector, language: str) -> tuple[float, int]:
    """Share of harmless texts of a language in which something is found, and their number."""
    known = texts_of(language) if language in LANGUAGES else Texts([], [], [])
    texts = [*known.harmless, *known.questions, *(passages(language) if language in {"en", "de", "es", "zh"} else ())]
    return (float(np.mean([bool(finds(detector, text)) for text in texts])), len(texts)) if texts else (0.0, 0)


class AnyOther:
    """Stands for an embedder of which nothing is known."""

    dimension, max_tokens, in_process = 1, 256, True

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Every text alike."""
        return [[1.0]] * len(texts)

    def token_spans(self, _: str) -> list[tuple[int, int]]:
        """None."""
        return []


def meaning_without(known: dict[str, Texts], language: str) -> MeaningModel:
    """The classifier by meaning that never saw a language, at the shipped cut-offs."""
    model = fitted_by_meaning(rows_of(known, language))
    return meaning_model().trained(float(model.intercept_[0]), model.coef_[0])


def injection(embedder: Embedder) -> dict[str, Figures]:
    """By language, trained without it."""
    known = {language: texts_of(language) for language in LANGUAGES}
    cut, measured = InjectionConfig().threshold, {}
    by_meaning = meaning_model().reads(embedder)
    for language, texts in known.items():
        cues = TrainedWithout(unseen(known, language), stored_cut())
        meaning = meaning_without(known, language) if by_meaning else None
        scorer = InjectionScorer(InjectionConfig(), embedder, cues=cues, meaning=meaning)
        attempts, *harmless = [np.array([scorer.score(text) for text in own]) for own in texts]
        wrong = np.concatenate(harmless) >= cut
        data = "CyberSecEval, trained without the language"
        measured[language] = figures((attempts >= cut).mean(), wrong.mean(), len(attempts), len(wrong), data)
    return measured


def figures(recall: float, false_alarms: float, texts: int, harmless: int, data: str) -> Figures:
    """Rounded."""
    return Figures(
        recall=round(float(recall), 3),
        false_alarms=round(float(false_alarms), 4),
        texts=texts,
        harmless=harmless,
        data=data,
    )


def found_share(detector: Detector, marked: Sequence[tuple[str, int, int]]) -> float:
    """Share of marked spans of which most is found."""
    hits = [
        sum(max(0, min(end, b) - max(start, a)) for a, b in finds(detector, text)) >= FOUND * (end - start)
        for text, start, end in marked
    ]
    return float(np.mean(hits))


def personal_data() -> dict[str, Figures]:
    """The default entities, on generated texts of the countries that speak a language."""
    detector, measured = personal_data_finder(PersonalDataConfig()), {}
    for language in sorted({country.language for country in COUNTRIES.values()}):
        names = [name for name, country in COUNTRIES.items() if country.language == language]
        texts = [text for name in names for text in marked_texts(name) if text.kind in NUMBERS]
        recall = found_share(detector, [(text.text, text.start, text.end) for text in texts])
        wrong, harmless = alarms(detector, language)
        if harmless:
            measured[language] = figures(recall, wrong, len(texts), harmless, "generated: " + ", ".join(names))
    return measured


def secrets() -> dict[str, Figures]:
    """Keys of six issuers in sentences of ours."""
    detector, measured = SecretsDetector(SecretsConfig()), {}
    for language, sentences in OWN.items():
        chosen, marked = random.Random(language), []
        for number in range(60):
            prefix, length = ISSUED[number % len(ISSUED)]
            letters = (
                string.ascii_uppercase + string.digits if prefix == "AKIA" else string.ascii_letters + string.digits
            )
            key = prefix + "".join(chosen.choice(letters) for _ in range(length))
            before, after = sentences[number % len(sentences)].split("{}")
            marked.append((before + key + after, len(before), len(before) + len(key)))
        wrong, harmless = alarms(detector, language)
        measured[language] = figures(found_share(detector, marked), wrong, len(marked), harmless, "generated keys")
    return measured


def grounding(embedder: Embedder) -> dict[str, Figures]:
    """Sentences of other passages, and shortened ones of the own."""
    measured = {}
    for language in ("en", "de", "es", "zh"):
        own, other, _ = supports(language, embedder)
        data = "CLAPNQ" if language == "en" else "XQuAD"
        measured[language] = figures((other < GROUNDED).mean(), (own < GROUNDED).mean(), len(other), len(own), data)
    return measured


def questions_by_subject(language: str) -> list[list[str]]:
    """Questions of each article, in English of each corpus."""
    if language == "en":
        rows = read("retrieval/questions.jsonl")
        return [
            [row["question"] for row in rows if row["corpus"] == corpus]
            for corpus in sorted({row["corpus"] for row in rows})
        ]
    articles = read(f"multilingual/xquad.{language}.json")["data"]
    asked = [[q["question"] for passage in article["paragraphs"] for q in passage["qas"]] for article in articles]
    return [questions for questions in asked if len(questions) > 2 * EXAMPLES][:ARTICLES]


def topics(embedder: Embedder) -> dict[str, Figures]:
    """Each subject forbidden in turn."""
    measured = {}
    for language in ("en", "de", "es", "zh"):
        subjects = questions_by_subject(language)
        caught, wrong = [], []
        for number, questions in enumerate(subjects):
            detector = TopicsDetector(TopicsConfig(forbidden={"subject": tuple(questions[:EXAMPLES])}), embedder)
            caught += [bool(finds(detector, question)) for question in questions[EXAMPLES:][:40]]
            others = [question for other, own in enumerate(subjects) if other != number for question in own[:10]]
            wrong += [bool(finds(detector, question)) for question in others]
        data = "Chroma" if language == "en" else "XQuAD"
        measured[language] = figures(np.mean(caught), np.mean(wrong), len(caught), len(wrong), data)
    return measured


def by_embedder(embedder: Embedder) -> dict[str, dict[str, Figures]]:
    """What compares meanings."""
    return {"injection": injection(embedder), "grounding": grounding(embedder), "topics": topics(embedder)}


def show(name: str, measured: dict[str, dict[str, Figures]]) -> None:
    """A line per validator and language."""
    for validator, languages in measured.items():
        for code, own in languages.items():
            print(
                f"{name:30} {validator:14} {code}  recall {own.recall:.3f} of {own.texts:4}  false alarms "
                f"{own.false_alarms:.4f} of {own.harmless:4}  {own.data}",
                flush=True,
            )


def main() -> None:
    """Measure, print, write."""
    embedders = {name: by_embedder(local_embedder(name)) for name in sys.argv[3:] or LOCAL_EMBEDDERS}
    every = {"personal_data": personal_data(), "secrets": secrets()}
    path = Path(certificate.__file__).parent / certificate.FIGURES
    kept = {name: own for name, own in certificate.measured().embedders.items() if name not in embedders}
    embedders = {**kept, **embedders, "": {"injection": injection(AnyOther())}}
    for name, own in {"any embedder": every, **embedders}.items():
        show(name or "any other", own)
    figured = certificate.Figured(validators=every, embedders=embedders)
    path.write_text(json.dumps(figured.model_dump(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
