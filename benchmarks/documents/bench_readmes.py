"""Whether source code and tables of contents crowd out prose, on the READMEs of installed packages.

``python benchmarks/documents/bench_readmes.py [--packages 40] [--half first|second]``

READMEs are ingested by the product's own flow. A question is the heading of a section with prose, and the name of its
package; what answers it is the first paragraph of that section. A chunk is a table of contents if most of its lines
are links to headings of the same page, and code if most of its characters are fenced or a listing.
"""

import argparse
import re
import tempfile
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from tasks_lib.quiet import keep_quiet

keep_quiet()

_FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_LINK_LINE = re.compile(r"\s*(?:[-*+]|\d+\.)?\s*\[[^\]]*\]\(#[^)]*\)\s*")
_HEADING = re.compile(r"^(#{2,4}) +(.+?) *#*$", re.MULTILINE)
_SIGNS = re.compile(r"[^\w\s-]")
_FEWEST_WORDS = 25
_SECTIONS = 4
_TOP = 5


@dataclass(frozen=True)
class Question:
    """A question and the place of the paragraph that answers it."""

    text: str
    document: str
    start: int
    end: int


def readmes(packages: int, half: str) -> dict[str, str]:
    """Name → README in Markdown; every other package by name."""
    found = {}
    for package in distributions():
        meta = package.metadata
        text = str(meta.get_payload() or meta.get("Description") or "")
        if (
            "markdown" in str(meta.get("Description-Content-Type"))
            and len(_HEADING.findall(text)) > 2
            and "```" in text
        ):
            found[str(meta["Name"]).lower()] = text
    names = sorted(found)[half == "second" :: 2]
    return {name: found[name] for name in names[:packages]}


def questions(name: str, text: str) -> list[Question]:
    """Sections whose first paragraph is prose."""
    plain = _FENCED.sub(lambda match: " " * len(match[0]), text)
    found = []
    headings = list(_HEADING.finditer(plain))
    for place, heading in enumerate(headings):
        end = headings[place + 1].start() if place + 1 < len(headings) else len(plain)
        paragraph = re.search(r"\S(?:.|\n(?!\s*\n))*", plain[heading.end() : end])
        if paragraph and _is_prose(paragraph[0]):
            start = heading.end() + paragraph.start()
            asked = f"{_SIGNS.sub('', heading[2]).strip()} of {name}"
            found.append(Question(asked, f"{name}.md", start, start + len(paragraph[0])))
    return found[:_SECTIONS]


def _is_prose(text: str) -> bool:
    return len(text.split()) >= _FEWEST_WORDS and text[0].isalpha() and "|" not in text


def kind(text: str, start: int, end: int) -> str:
    """`contents`, `code` or `prose`."""
    lines = [line for line in text[start:end].splitlines() if line.strip()]
    if lines and sum(bool(_LINK_LINE.fullmatch(line)) for line in lines) * 2 > len(lines):
        return "contents"
    fenced = sum(max(0, min(end, match.end()) - max(start, match.start())) for match in _FENCED.finditer(text))
    return "code" if fenced * 2 > end - start else "prose"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=int, default=40)
    parser.add_argument("--half", choices=["first", "second"], default="first")
    arguments = parser.parse_args()

    from blocks.local import LocalPlatform
    from flows.ingest import synchronise
    from tasks_lib.assistant.retrieval.search import search
    from tasks_lib.config.ingest import IngestConfig
    from tasks_lib.config.settings import Settings
    from tasks_lib.home import Home

    texts = {f"{name}.md": text for name, text in readmes(arguments.packages, arguments.half).items()}
    asked = [question for name, text in texts.items() for question in questions(name.removesuffix(".md"), text)]
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "readmes"
        folder.mkdir()
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        platform, settings = LocalPlatform(Home(Path(home) / "home").ensure()), Settings()
        settings = settings.model_copy(update={"ingest": IngestConfig(source=str(folder))})
        synchronise(platform, settings)
        index = platform.index(settings.rag)
        sizes = [kind(texts[c.meta["document"]], c.meta["start"], c.meta["end"]) for c in index.sample(10**6, 0)]
        results = search(platform, settings.rag, [question.text for question in asked])
    shares = {each: sizes.count(each) / len(sizes) for each in ("prose", "code", "contents")}
    ranks, first, five = [], [], []
    for question, found in zip(asked, results, strict=True):
        kinds = [kind(texts[each.document], each.start, each.end) for each in found[:_TOP]]
        first += kinds[:1]
        five += kinds
        hits = [
            place
            for place, each in enumerate(found[:_TOP])
            if each.document == question.document and each.start < question.end and question.start < each.end
        ]
        ranks.append(hits[0] if hits else None)
    told = ", ".join(f"{share:.1%} {name}" for name, share in shares.items())
    print(f"{len(texts)} READMEs, {len(sizes)} chunks ({told}), {len(asked)} questions, {arguments.half} half")
    print("| paragraph first | among five | first is code | first is contents | code of five | contents of five |")
    print("|---|---|---|---|---|---|")
    cells = [ranks.count(0), sum(rank is not None for rank in ranks)]
    figures = [
        *(cell / len(asked) for cell in cells),
        *(first.count(each) / len(first) for each in ("code", "contents")),
    ]
    figures += [five.count(each) / len(five) for each in ("code", "contents")]
    print("| " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")


if __name__ == "__main__":
    main()
