"""Personal data of many countries: precision, recall and F2 over characters, on a generated set with known spans.

    python benchmarks/guardrails/bench_national_data.py [DATA]

The set is generated (national_texts.py): it shows that formats are known, not how people write. Unseen are countries
whose misses were not read. False alarms are counted on ordinary text with numbers: passages of XQuAD in German, Spanish
and Chinese, and a product's documentation (argo-cd).
"""

import sys
from collections import Counter, defaultdict

from data import shared_data
from languages import passages_of
from national_texts import COUNTRIES, NOT_LOOKED_AT, marked_texts

from tasks_lib.assistant.guardrails.personal_data.finder import PersonalDataFinder

DEFAULT = ("CREDIT_CARD", "IBAN_CODE", "US_SSN", "EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS", "NATIONAL_ID", "TAX_ID")
EVERY = (*DEFAULT, "STREET_ADDRESS", "DATE_OF_BIRTH", "VEHICLE_PLATE")


def f2(precision: float, recall: float) -> float:
    """Recall counts twice as much."""
    return 5 * precision * recall / (4 * precision + recall) if precision + recall else 0.0


def measure(finder: PersonalDataFinder, name: str) -> tuple[float, float, dict[str, float]]:
    """Precision and recall over characters, and recall per kind."""
    both = found = marked = 0
    hit: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for text in marked_texts(name):
        true = set(range(text.start, text.end))
        said = {place for finding in finder.find(text.text) for place in range(finding.start, finding.end)}
        both, found, marked = both + len(true & said), found + len(said), marked + len(true)
        hit[text.kind] += len(true & said)
        of[text.kind] += len(true)
        if "-v" in sys.argv and len(true & said) < len(true) * 0.8:
            print("   missed", text.kind, text.text)
    return both / max(1, found), both / marked, {kind: hit[kind] / of[kind] for kind in of}


def false_alarms(finder: PersonalDataFinder) -> None:
    """Findings in ordinary text, per million characters."""
    texts = {f"XQuAD passages, {code}": [row["context"] for row in passages_of(code)] for code in ("de", "es", "zh")}
    pages = sorted((shared_data() / "docs" / "argo-cd").rglob("*.md"))
    texts["argo-cd pages"] = [page.read_text(encoding="utf-8") for page in pages]
    for name, own in texts.items():
        kinds: defaultdict[str, int] = defaultdict(int)
        for text in own:
            for finding in finder.find(text):
                kinds[finding.kind] += 1
                if "-v" in sys.argv:
                    print("   ", finding.kind, text[finding.start : finding.end])
        print(f"{name:22} {len(own):4} texts, {sum(map(len, own)):8,} characters: {dict(kinds) or 'nothing'}")


def main() -> None:
    """A line per country, then false alarms."""
    finder = PersonalDataFinder(EVERY, score_threshold=0.5)
    for name in COUNTRIES:
        precision, recall, kinds = measure(finder, name)
        shown = "  ".join(f"{kind} {share:.2f}" for kind, share in kinds.items())
        column = "unseen" if name in NOT_LOOKED_AT else "fitted"
        print(f"{name:16} {column} P {precision:.3f}  R {recall:.3f}  F2 {f2(precision, recall):.3f}   recall: {shown}")
    false_alarms(finder)


if __name__ == "__main__":
    main()
