"""The share of the words of Word, PowerPoint, Excel and HTML files that their converted text holds.

``python benchmarks/documents/bench_words.py FOLDER [--formats docx html] [--files] [--readers ours kreuzberg]``

FOLDER holds FORMAT/sources/* and FORMAT/groundtruth/NAME.md, as `tests/data` in docling's repository, or files with
their text beside them as `test` in pandoc's: NAME.docx and NAME.native, output.pptx and input.native. Words are counted
as often as they stand: recall is the share of the truth's words that a text holds, `beyond` the share of the text's
distinct words that the truth has nowhere.
"""

import argparse
import html
import io
import re
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tasks_lib.quiet import keep_quiet

keep_quiet()

FORMATS = ("docx", "pptx", "xlsx", "html")
_MARKUP = (
    (re.compile(r"<!--.*?-->", re.DOTALL), " "),
    (re.compile(r"!\[([^\]]*)\]\([^)]*\)"), r" \1 "),
    (re.compile(r"\[([^\]]*)\]\([^)\s]*(?:\s\"[^\"]*\")?\)"), r"\1"),
    (re.compile(r"\$\$?[^$\n]+\$\$?"), lambda match: _equation(match[0])),
    (re.compile(r"\\([_*#\[\]()<>|`])"), r"\1"),
    (re.compile(r"</?[a-z][^>]*>", re.IGNORECASE), " "),
    (re.compile(r"\*\*|__|~~|`"), ""),
)
_GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "theta", "lambda", "mu", "pi", "rho", "sigma", "tau", "phi")
_COMMAND = re.compile(r"\\(\w+)")
_NATIVE = re.compile(
    r'(Str|Code(?:Block)?\s+\([^)]*\)|Math\s+\w+)\s+"((?:[^"\\]|\\.)*)"'
    r"|(Space|SoftBreak|LineBreak|Para|Plain|Header|Cell|Note|Span|Link)\b",
    re.DOTALL,
)
_WORD = re.compile(r"\w+")


def _equation(latex: str) -> str:
    """Letters and digits of an equation: LaTeX's commands are no words of the page."""
    return f" {re.sub(_COMMAND, _letter, latex)} "


def _letter(command: re.Match[str]) -> str:
    name = "LAMDA" if command[1] == "lambda" else command[1]
    return f" {unicodedata.lookup(f'GREEK SMALL LETTER {name}')} " if command[1] in _GREEK else " "


def words(text: str) -> Counter[str]:
    """Words in one form of Unicode and letter case, split between letters and digits as equations are written apart."""
    plain = unicodedata.normalize("NFKC", html.unescape(text)).casefold().replace("_", " ")
    return Counter(_WORD.findall(plain))


def truth(file: Path) -> Counter[str]:
    """Words of a ground truth in Markdown, without its marks."""
    text = file.read_text(encoding="utf-8")
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return words(text)


def native_truth(file: Path) -> Counter[str]:
    """Words of a document as pandoc writes its own structure: those of its strings, code and equations."""
    return words("".join(map(_said, _NATIVE.finditer(file.read_text(encoding="utf-8")))))


def _said(part: re.Match[str]) -> str:
    if part[3]:  # what stands between words
        return " "
    text = _unescaped(part[2])
    return _equation(text) if part[1].startswith("Math") else text


def _unescaped(text: str) -> str:
    """A string of Haskell."""
    return re.sub(r"\\(\d+|&|.)", lambda match: _escape(match[1]), text)


def _escape(code: str) -> str:
    return chr(int(code)) if code.isdigit() else {"&": "", "n": "\n", "t": "\t"}.get(code, code)


def ours(file: Path) -> str:
    from tasks_lib.ingestion.converters.convert import convert_format, format_of
    from tasks_lib.ingestion.converters.extras import Extras

    data = file.read_bytes()
    return convert_format(format_of(file.name) or "", data, Extras(comments=True)).text


def markitdown(file: Path) -> str:
    from markitdown import MarkItDown, StreamInfo

    stream = io.BytesIO(file.read_bytes())
    return str(MarkItDown().convert_stream(stream, stream_info=StreamInfo(extension=file.suffix)).text_content)


def kreuzberg(file: Path) -> str:
    from kreuzberg import extract_file_sync

    return str(extract_file_sync(file).content)


READERS: dict[str, Callable[[Path], str]] = {"ours": ours, "markitdown": markitdown, "kreuzberg": kreuzberg}


def measure(reader: str, file: Path, wanted: Counter[str]) -> tuple[float, float, str]:
    """Recall, share of distinct words beyond the truth, and what went wrong."""
    try:
        said = READERS[reader](file)
    except Exception as error:  # noqa: BLE001  (readers raise anything; that is a result)
        return 0.0, 0.0, f"{type(error).__name__}: {str(error)[:60]}"
    # what a reader marks as Markdown is no word of the page either
    for pattern, replacement in _MARKUP[:3]:
        said = pattern.sub(replacement, said)
    found = words(said)
    held = sum((found & wanted).values()) / sum(wanted.values())
    return held, len(found.keys() - wanted.keys()) / max(1, len(found)), ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--formats", nargs="+", default=FORMATS)
    parser.add_argument("--readers", nargs="+", default=list(READERS), choices=list(READERS))
    parser.add_argument("--files", action="store_true", help="Show every file.")
    arguments = parser.parse_args()
    print("| format | files | " + " | ".join(f"{name} (beyond, s)" for name in arguments.readers) + " |")
    print("|---|---|" + "---|" * len(arguments.readers))
    for kind in arguments.formats:
        rows = pairs(arguments.data, kind)
        if not rows:
            sys.exit(f"{arguments.data}: no file of {kind} has a known text")
        cells = []
        for reader in arguments.readers:
            started = time.perf_counter()
            results = [measure(reader, file, wanted) for file, wanted in rows]
            seconds = time.perf_counter() - started
            if arguments.files:
                for (file, wanted), (held, beyond, problem) in sorted(
                    zip(rows, results, strict=True), key=lambda pair: pair[1]
                ):
                    print(f"    {reader:10} {held:.3f} {beyond:.3f} {sum(wanted.values()):6} {file.name} {problem}")
            mean = sum(held for held, _, _ in results) / len(results)
            extra = sum(beyond for _, beyond, _ in results) / len(results)
            cells.append(f"{mean:.3f} ({extra:.3f}, {seconds:.1f})")
        print(f"| {kind} | {len(rows)} | " + " | ".join(cells) + " |")


def pairs(folder: Path, kind: str) -> list[tuple[Path, Counter[str]]]:
    """Files of a format, and the words of each; those without a known text, or with an empty one, are left out."""
    sources = folder / kind / "sources"
    if sources.is_dir():
        return [row for row in map(_pair, sorted(sources.iterdir())) if row]
    found = []
    for file in sorted(folder.rglob(f"*.{kind}")):
        known = [
            file.with_suffix(".native"),
            file.parents[1] / "native" / f"{file.stem}.native",
            *([file.parent / "input.native"] if file.stem == "output" else []),
        ]
        wanted = next((native_truth(path) for path in known if path.is_file()), Counter())
        if wanted:
            found.append((file, wanted))
    return found


def _pair(file: Path) -> tuple[Path, Counter[str]] | None:
    """A file and the words of its ground truth; `None` if it has none, or an empty one."""
    found = file.parent.parent / "groundtruth" / f"{file.name}.md"
    wanted = truth(found) if found.is_file() else Counter()
    return (file, wanted) if wanted else None


if __name__ == "__main__":
    main()
