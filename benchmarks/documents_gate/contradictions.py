"""Contradictions between documents: 50 planted among 1,000 clean pairs of sentences.

    python benchmarks/documents_gate/contradictions.py [--show] [--docs NAME=FOLDER] [DATA]

A planted pair is a sentence of a corpus and the same with another number, date, unit or a negation, half of them
reworded as well. Clean are 400 pairs of sentences of two documents that share most words, 300 of a sentence and its
rewording, and up to 300 of a sentence and the same of another product, group, place, year or version with another
number. Rules were written on CLAPNQ, WikiText, the handbook and, after a first look, the financial filings; the others
were planted afterwards. Prometheus and Traefik are the folders `docs` of checkouts (d15adb9ad, fd5a576df).
"""

import argparse
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from haystack import Document

from blocks.local import examples_folder
from tasks_lib.documents_gate.contradictions import contradict
from tasks_lib.documents_gate.statements import statements_of
from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.text.sentences import split_sentences
from tasks_lib.text.words import listed

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
PLANTED, NATURAL, REWORDED, OTHERS = 50, 400, 300, 300
FITTED = ("clapnq", "wikitexts", "handbook", "finance")
CHECKOUTS = ("prometheus", "traefik")
UNSEEN = ("argo-cd", "state_of_the_union", "prometheus", "traefik")
PIECE = 1500
"""Characters of a passage of a corpus that is one file; two of them count as two documents."""
MONTHS = listed("January February March April May June July August September October November December")
UNITS = listed("second seconds minute minutes hour hours day days week weeks month months year years")
SYNONYMS = {
    "receive": "get", "receives": "gets", "also": "as well", "must": "has to", "large": "big", "begin": "start",
    "many": "a lot of", "because": "since", "however": "yet", "but": "though", "use": "make use of", "such as": "like",
    "will": "is going to", "about": "on", "show": "display", "allows": "lets", "need": "require", "most": "the bulk of",
}  # fmt: skip
NAMES = listed("Meridian Calloway Ostrava Pinewood Larkspur Halden Verity Kestrel Tamworth Solano")
NOUNS = listed("warehouse satellite orchard turbine ferry library glacier tournament payroll telescope")

GROUPS = listed("Part-time Temporary External Retired Junior Regional Private Older Small Northern")


@dataclass(frozen=True)
class Pair:
    """Two sentences in their passages, and whether they contradict each other."""

    kind: str
    one: Document
    other: Document
    planted: bool


def main() -> None:
    """Precision and recall of each corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=SHARED)
    parser.add_argument("--docs", action="append", default=[], help="prometheus=FOLDER or traefik=FOLDER")
    parser.add_argument("--only", action="append", choices=(*FITTED, *UNSEEN))
    parser.add_argument("--show", action="store_true", help="print what was missed and what was found wrongly")
    given = parser.parse_args()
    checkouts = {name: Path(folder) for name, _, folder in (text.partition("=") for text in given.docs)}
    for name in given.only or (*FITTED, *UNSEEN):
        if name in CHECKOUTS and name not in checkouts:
            print(f"{name}: its documents are absent")
            continue
        pairs = pairs_of(passages(name, given.data, checkouts), random.Random(26))
        found = [(pair, _contradict(pair)) for pair in pairs]
        report(name, found)
        for pair, differs in found if given.show else ():
            if bool(differs) != pair.planted:
                print(f"  {pair.kind} {differs}\n    {pair.one.content}\n    {pair.other.content}")


def report(name: str, found: list[tuple[Pair, str | None]]) -> None:
    """Precision, recall, and what was found by kind."""
    right = sum(pair.planted for pair, differs in found if differs)
    told = sum(1 for _, differs in found if differs)
    planted = Counter(pair.kind for pair, _ in found if pair.planted)
    by_kind: dict[str, int] = defaultdict(int)
    for pair, differs in found:
        by_kind[pair.kind] += bool(differs)
    kinds = ", ".join(f"{kind} {by_kind[kind]} of {count}" for kind, count in sorted(planted.items()))
    wrong = ", ".join(f"{kind} {count}" for kind, count in sorted(by_kind.items()) if kind not in planted and count)
    half = "fitted" if name in FITTED else "unseen"
    print(
        f"{name:20} {half} {planted.total()} planted, {len(found) - planted.total()} clean: "
        f"precision {right / max(1, told):.2f} recall {right / max(1, planted.total()):.2f} ({kinds}; "
        f"wrongly {wrong or 'none'})"
    )


def _contradict(pair: Pair) -> str | None:
    return next(
        (
            differs
            for one in statements_of([pair.one])
            for other in statements_of([pair.other])
            if (differs := contradict(one, other))
        ),
        None,
    )


def passages(name: str, data: Path, checkouts: Mapping[str, Path]) -> list[Document]:
    """The passages of a corpus, with document and title."""
    if name == "clapnq":
        files = [data / "qa" / f"clapnq_dev_{kind}_100.jsonl" for kind in ("answerable", "unanswerable")]
        rows = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
        return [_passage(row["id"], p["title"], p["text"]) for row in rows for p in row["passages"]]
    if name in checkouts:
        folder, files = checkouts[name], sorted(checkouts[name].rglob("*.md"))
        return [chunk for file in files for chunk in _sections(folder, file)]
    if name in {"handbook", "argo-cd"}:
        folder = examples_folder() / "handbook" if name == "handbook" else data / "docs" / name
        return [chunk for file in sorted(folder.rglob("*")) if file.is_file() for chunk in _sections(folder, file)]
    text = (data / "retrieval" / f"{name}.md").read_text(encoding="utf-8")
    return [
        _passage(f"{name}-{start}", "", text[start : start + PIECE])
        for start in range(0, min(len(text), 300_000), PIECE)
    ]


def _sections(folder: Path, file: Path) -> Iterator[Document]:
    try:
        text = convert(file.name, file.read_bytes()).text
    except UnreadableDocumentError:  # nothing but links to other pages
        return
    title = next((line.lstrip("# ") for line in text.splitlines() if line.strip()), file.stem)
    heading = ""
    for part in re.split(r"(?m)^(?=#+ )", text):
        first = re.match(r"#+ (.*)", part)
        heading = first[1] if first else heading
        yield _passage(file.relative_to(folder).as_posix(), title, part, heading)


def _passage(document: str, title: str, text: str, heading: str = "") -> Document:
    return Document(content=text, meta={"document": document, "title": title, "heading": heading, "start": 0})


def pairs_of(chunks: list[Document], chance: random.Random) -> list[Pair]:
    """The planted pairs and the clean ones."""
    said = [
        _with(chunk, sentence.text)
        for chunk in chunks
        for sentence in split_sentences(chunk.content or "")
        if sentence.kind == "prose" and 8 <= len(sentence.text.split()) <= 40 and "|" not in sentence.text
    ]
    chance.shuffle(said)
    planted = list(_planted(said, chance))[:PLANTED]
    reworded = [Pair("reworded", one, _twin(one, reword(one.content or "", chance)), planted=False) for one in said]
    others = [pair for pair in (_other_subject(one, chance) for one in said) if pair]
    return [*planted, *natural(said)[:NATURAL], *reworded[:REWORDED], *others[:OTHERS]]


def _with(chunk: Document, text: str) -> Document:
    return Document(content=text, meta=dict(chunk.meta))


def _twin(one: Document, text: str, **meta: str) -> Document:
    return Document(content=text, meta={**one.meta, "document": "another/page.md", **meta})


def _planted(said: list[Document], chance: random.Random) -> Iterator[Pair]:
    """Twenty other numbers, ten other dates, units and denials each, as far as there are; every other one reworded."""
    edits: list[tuple[str, int, Callable[[str, random.Random], str]]] = [
        ("unit", 10, other_unit),
        ("date", 10, other_date),
        ("negation", 10, negate),
        ("number", PLANTED, other_number),
    ]
    taken: set[str] = set()
    for kind, wanted, edit in edits:
        made = 0
        for one in said:
            text = edit(one.content or "", chance)
            if made < wanted and text != one.content and (one.content or "") not in taken:
                yield Pair(kind, one, _twin(one, reword(text, chance) if made % 2 else text), planted=True)
                taken.add(one.content or "")
                made += 1


def natural(said: list[Document]) -> list[Pair]:
    """The pairs of sentences of two documents that share most words, most alike first."""
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    bags = [frozenset(re.findall(r"\w+", (one.content or "").lower())) for one in said]
    for position, bag in enumerate(bags):
        for word in bag:
            by_word[word].append(position)
    shared: Counter[tuple[int, int]] = Counter()
    for positions in by_word.values():
        if len(positions) <= 60:
            shared.update((a, b) for i, a in enumerate(positions) for b in positions[i + 1 :])
    alike = {
        pair: len(bags[pair[0]] & bags[pair[1]]) / len(bags[pair[0]] | bags[pair[1]])
        for pair, count in shared.items()
        if count > 1 and said[pair[0]].meta["document"] != said[pair[1]].meta["document"]
    }
    best = sorted(alike, key=lambda pair: (-alike[pair], pair))
    return [Pair("natural", said[a], said[b], planted=False) for a, b in best]


def _other_subject(one: Document, chance: random.Random) -> Pair | None:
    """The same sentence of another subject, with another number; `None` where it has no number or no such subject."""
    text = one.content or ""
    changed = other_number(text, chance)
    way = chance.choice(("name", "noun", "group", "year", "version", "place"))
    if changed == text:
        return None
    if way in {"version", "place"}:
        first, second = ("2.3", "2.4") if way == "version" else ("Leeds", "Porto")
        title = one.meta.get("title") or "Overview"
        named = Document(content=text, meta={**one.meta, "title": f"{title} {first}", "heading": f"{first} office"})
        twin = _twin(one, changed, title=f"{title} {second}", heading=f"{second} office")
        return Pair(f"other {way}", named, twin, planted=False)
    if way == "year":
        return Pair("other year", _with(one, f"In 2015, {text}"), _twin(one, f"In 2016, {changed}"), planted=False)
    renamed = _of_another(changed, way, chance)
    return Pair(f"other {way}", one, _twin(one, renamed), planted=False) if renamed != changed else None


def _of_another(text: str, way: str, chance: random.Random) -> str:
    """Another name, another noun behind `the`, or a part of a group in front."""
    if way == "group":
        return f"{chance.choice(GROUPS)} {text[0].lower()}{text[1:]}" if re.match(r"[A-Z][a-z]+s\b", text) else text
    if way == "name":
        found = [match for match in re.finditer(r"(?<=[a-z,] )[A-Z][a-z]{3,}", text) if match[0] not in MONTHS]
        return _replaced(text, chance.choice(found), chance.choice(NAMES)) if found else text
    found = list(re.finditer(r"(?<=[Tt]he )(?!first|last|other|same|second|next|most)[a-z]{4,}", text))
    return _replaced(text, found[0], chance.choice(NOUNS)) if found else text


def _replaced(text: str, spot: re.Match[str], by: str) -> str:
    return text[: spot.start()] + by + text[spot.end() :]


def other_number(text: str, chance: random.Random) -> str:
    """One number that counts something, not a year and not part of a name, made another."""
    found = [
        match
        for match in re.finditer(r"(?<![\w.,/:#-])\d{1,3}(?:,\d{3})*(?:\.\d)?(?![\w.:/-]|,\d)", text)
        if not re.search(
            r"(?:[A-Z]\w*|step|version|section|chapter|no\.|part|figure|table|level) $", text[: match.start()]
        )
    ]
    if not found:
        return text
    spot = chance.choice(found)
    value = float(spot[0].replace(",", ""))
    other = (
        value + chance.choice((1, 2, 3, 5)) if value < 10 else round(value * chance.choice((0.5, 0.8, 1.2, 1.5, 2)) + 1)
    )
    shown = f"{other:,.0f}" if "," in spot[0] else f"{other:g}"
    return text[: spot.start()] + shown + text[spot.end() :]


def other_date(text: str, chance: random.Random) -> str:
    """Another month, or another year where it is not the first word."""
    found = list(
        re.finditer(rf"\b(?:{'|'.join(MONTHS)})\b(?= \d|,? \d{{4}})|(?<=in |of )(?:19|20)\d\d\b(?=[ ,.;])", text)
    )
    found = [match for match in found if match.start() > 4]
    if not found:
        return text
    spot = chance.choice(found)
    other = (
        str(int(spot[0]) + chance.choice((-3, -2, -1, 1)))
        if spot[0].isdigit()
        else chance.choice([m for m in MONTHS if m != spot[0]])
    )
    return text[: spot.start()] + other + text[spot.end() :]


def other_unit(text: str, chance: random.Random) -> str:
    """Another unit of time."""
    found = list(re.finditer(rf"(?<=\d )(?:{'|'.join(UNITS)})\b", text))
    if not found:
        return text
    spot = chance.choice(found)
    other = UNITS[(UNITS.index(spot[0]) + chance.choice((2, 4))) % len(UNITS)]
    return text[: spot.start()] + other + text[spot.end() :]


def negate(text: str, chance: random.Random) -> str:  # noqa: ARG001
    """The first auxiliary denied, or a denial taken away."""
    if re.search(r"\bnot \b", text):
        return re.sub(r"\bnot ", "", text, count=1)
    return re.sub(r"\b(is|are|was|were|can|will|must|should|may)\b(?! not)", r"\1 not", text, count=1)


def reword(text: str, chance: random.Random) -> str:
    """A synonym, an opening, or a clause in another place."""
    words = [word for word in SYNONYMS if re.search(rf"\b{word}\b", text)]
    if words and chance.random() < 0.6:
        word = chance.choice(words)
        return re.sub(rf"\b{word}\b", SYNONYMS[word], text, count=1)
    if chance.random() < 0.5:
        return f"Please note that {text[0].lower() if re.match(r'[A-Z][a-z]* [a-z]', text) else text[0]}{text[1:]}"
    head, comma, tail = text.rstrip(".").rpartition(", ")
    return (
        f"{tail[0].upper()}{tail[1:]}, {head}."
        if comma and len(tail.split()) > 2
        else f"{text.rstrip('.')}, as of now."
    )


if __name__ == "__main__":
    main()
