r"""What our text of a PDF holds: words in order, cells of tables, whole words; beside other libraries.

    uv pip install --target build/pdf --no-deps pypdfium2 pdfplumber pdfminer.six camelot-py playa-pdf \
      opencv-python-headless
    PYTHONPATH=.:build/pdf python benchmarks/documents/bench_pdf.py text FOLDER [FOLDER…]
    PYTHONPATH=.:build/pdf python benchmarks/documents/bench_pdf.py tables FOLDER [FOLDER…] [--half first|second]

`text`: folders with PDFs and their text as Markdown (docling's `tests/data/pdf/sources`). `tables`: folders of the
ICDAR 2013 competition (`NAME.pdf`, `NAME-str.xml`). `chunks`: folders with any PDFs, for words that stay broken.
A library that is not installed has no column.
"""

import argparse
import io
import logging
import re
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from pdf_truth import Cell, Cells, Scores, agreement, icdar, names_once, rows_in_text, scores, texts

from blocks.local import LocalPlatform
from tasks_lib.config.rag import ChunkingConfig
from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.chunking import chunk_document
from tasks_lib.ingestion.converters.convert import convert_format
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.pdf.opening import open_pdf
from tasks_lib.ingestion.converters.pdf.reading import pages
from tasks_lib.ingestion.converters.pdf.tables import tables_of

Read = Callable[[Path], str]
Find = Callable[[Path], list[Cells]]

T = TypeVar("T")

_HYPHEN = re.compile(r"[^\W\d_]-\s*\n\s*[^\W\d_]|\u00ad")
_LIGATURE = re.compile(r"[\ufb00-\ufb06]")


def ours(file: Path) -> str:
    """Our text."""
    try:
        return convert_format("pdf", file.read_bytes()).text
    except UnreadableDocumentError as error:
        print(f"  {file.name}: {error.message}", file=sys.stderr)
        return ""


def ours_once(file: Path) -> str:
    """Our text, with the names of a table's columns once, as a page shows them and the ground truth has them."""
    return names_once(ours(file))


def pypdf_text(file: Path) -> str:
    """What pypdf gives as it comes."""
    from pypdf import PdfReader

    return "\f".join(page.extract_text() for page in PdfReader(io.BytesIO(file.read_bytes())).pages)


def pdfium_text(file: Path) -> str:
    """What pypdfium2 gives as it comes."""
    import pypdfium2

    return "\f".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(file))


def plumber_text(file: Path) -> str:
    """What pdfplumber gives as it comes."""
    import pdfplumber

    with pdfplumber.open(file) as pdf:
        return "\f".join(page.extract_text() for page in pdf.pages)


def _from_rows(rows: Sequence[Sequence[str | None]]) -> Cells:
    return [
        Cell(row, column, 1, 1, text or "") for row, values in enumerate(rows) for column, text in enumerate(values)
    ]


def our_tables(file: Path) -> list[Cells]:
    """The tables that our text is written from."""
    return [
        [Cell(cell.row, cell.column, cell.rows, cell.columns, cell.text) for cell in table.cells]
        for page in pages(open_pdf(file.read_bytes()))
        for table in tables_of(page)
    ]


def plumber_tables(file: Path) -> list[Cells]:
    """Pdfplumber's search along lines, its default."""
    import pdfplumber

    with pdfplumber.open(file) as pdf:
        return [_from_rows(table) for page in pdf.pages for table in page.extract_tables()]


def camelot_tables(flavor: str) -> Find:
    """Camelot with one of its two searches."""

    def find(file: Path) -> list[Cells]:
        import camelot

        return [
            _from_rows(table.df.to_numpy().tolist())
            for table in camelot.read_pdf(str(file), pages="all", flavor=flavor, suppress_stdout=True)
        ]

    return find


def camelot_both(file: Path) -> list[Cells]:
    """Camelot along lines, and by white space where it finds none."""
    return camelot_tables("lattice")(file) or camelot_tables("stream")(file)


TEXTS: dict[str, Read] = {
    "ours": ours_once,
    "ours, as indexed": ours,
    "pypdfium2": pdfium_text,
    "pypdf": pypdf_text,
    "pdfplumber": plumber_text,
}
TABLES: dict[str, Find] = {
    "ours": our_tables,
    "pdfplumber": plumber_tables,
    "camelot lattice": camelot_tables("lattice"),
    "camelot stream": camelot_tables("stream"),
    "camelot both": camelot_both,
}


def installed(parts: dict[str, Callable[[Path], T]], probe: Path) -> dict[str, Callable[[Path], T]]:
    """Those whose library can be imported."""
    there = {}
    for name, part in parts.items():
        try:
            part(probe)
        except ImportError as error:
            print(f"{name}: not installed ({error})", file=sys.stderr)
            continue
        except Exception as error:  # noqa: BLE001  (a library may fail on one file)
            print(f"{name}: {error}", file=sys.stderr)
        there[name] = part
    return there


def measure_texts(folder: Path) -> None:
    """Agreement of every file, the mean, and pages with broken words or ligatures."""
    pairs = texts(folder)
    parts = installed(TEXTS, pairs[0][0])
    print(f"\n{folder}\n\n| file | {' | '.join(parts)} |\n|---|{'---|' * len(parts)}")
    sums = dict.fromkeys(parts, 0.0)
    seconds = dict.fromkeys(parts, 0.0)
    broken = dict.fromkeys(parts, 0)
    ligatures = dict.fromkeys(parts, 0)
    pages = 0
    for file, truth in pairs:
        values = []
        for name, read in parts.items():
            begun = time.perf_counter()
            text = read(file)
            seconds[name] += time.perf_counter() - begun
            pages += (text.count("\f") + 1) * (name == "pypdf")
            broken[name] += len(_HYPHEN.findall(text.replace("\r", "")))
            ligatures[name] += len(_LIGATURE.findall(text))
            values.append(agreement(truth, text))
            sums[name] += values[-1]
        print(f"| {file.stem} | {' | '.join(f'{value:.3f}' for value in values)} |")
    print(f"| **mean** | {' | '.join(f'**{sums[name] / len(pairs):.3f}**' for name in parts)} |")
    print(f"| seconds a page | {' | '.join(f'{seconds[name] / max(pages, 1):.3f}' for name in parts)} |")
    print(f"| words cut by a hyphen | {' | '.join(str(broken[name]) for name in parts)} |")
    print(f"| ligatures | {' | '.join(str(ligatures[name]) for name in parts)} |")


def measure_tables(folder: Path, half: str | None) -> None:
    """F1 of every file, the mean over documents and over relations, and the rows of numbers in our text."""
    documents = icdar(folder)
    if half:
        documents = documents[half == "second" :: 2]
    parts = installed(TABLES, documents[0][0])
    name_of = f"{folder}" + (f", {half} half" if half else "")
    print(f"\n{name_of}\n\n| file | {' | '.join(parts)} |\n|---|{'---|' * len(parts)}")
    totals: dict[str, list[Scores]] = {name: [] for name in parts}
    seconds = dict.fromkeys(parts, 0.0)
    pages = 0
    for file, wanted in documents:
        pages += pypdf_text(file).count("\f") + 1
        for name, find in parts.items():
            begun = time.perf_counter()
            try:
                found = find(file)
            except Exception as error:  # noqa: BLE001  (a library may fail on one file)
                print(f"  {name}, {file.name}: {error}", file=sys.stderr)
                found = []
            seconds[name] += time.perf_counter() - begun
            totals[name].append(scores(wanted, found))
        print(f"| {file.stem} | {' | '.join(f'{totals[name][-1].f1:.3f}' for name in parts)} |")
    means = [sum(each.f1 for each in totals[name]) / len(documents) for name in parts]
    print(f"| **mean over documents** | {' | '.join(f'**{value:.3f}**' for value in means)} |")
    pooled = [
        Scores(*(sum(getattr(each, key) for each in totals[name]) for key in ("right", "wanted", "found"))).f1
        for name in parts
    ]
    print(f"| over all relations | {' | '.join(f'{value:.3f}' for value in pooled)} |")
    print(f"| seconds a page | {' | '.join(f'{seconds[name] / pages:.3f}' for name in parts)} |")
    _measure_rows(documents)


def _measure_rows(documents: Sequence[tuple[Path, list[Cells]]]) -> None:
    parts = installed(TEXTS, documents[0][0])
    print(f"\n| rows of numbers | {' | '.join(parts)} |\n|---|{'---|' * len(parts)}")
    counts = {name: [rows_in_text(tables, read(file)) for file, tables in documents] for name, read in parts.items()}
    shares = {name: sum(c.in_line for c in each) / sum(c.rows for c in each) for name, each in counts.items()}
    print(f"| in one line | {' | '.join(f'{share:.3f}' for share in shares.values())} |")
    merged = (f"{sum(c.merged for c in each)} of {sum(c.numbers for c in each)}" for each in counts.values())
    print(f"| merged or cut numbers | {' | '.join(merged)} |")


def measure_chunks(folder: Path) -> None:
    """Share of the chunks of all PDFs of a folder with a word that a hyphen cuts, or a ligature."""
    embedder = LocalPlatform().embedder(Settings().embedder)
    chunks: list[str] = []
    for file in sorted(folder.glob("*.pdf")):
        try:
            converted = convert_format("pdf", file.read_bytes())
        except UnreadableDocumentError as error:
            print(f"  {file.name}: {error.message}", file=sys.stderr)
            continue
        identity = {"source": "", "document": file.name, "document_hash": ""}
        chunks += [chunk.content for chunk in chunk_document(converted, ChunkingConfig(), embedder, **identity)]
    broken, ligatures = (sum(bool(pattern.search(chunk)) for chunk in chunks) for pattern in (_HYPHEN, _LIGATURE))
    print(f"{folder}: {len(chunks)} chunks, {broken} with a word cut by a hyphen, {ligatures} with a ligature")


def main() -> None:
    """Print Markdown tables, one for each folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["text", "tables", "chunks"])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--half", choices=["first", "second"], help="every other document, from the first or second on")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    for folder in given.folders:
        if given.what == "text":
            measure_texts(folder)
        elif given.what == "tables":
            measure_tables(folder, given.half)
        else:
            measure_chunks(folder)


if __name__ == "__main__":
    main()
