"""Jupyter notebooks: their prose, their code and what it printed, in the order of the cells."""

import json
from collections.abc import Iterator
from typing import Any

from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.encoding import decode
from tasks_lib.ingestion.converters.markdown import headings, title_of
from tasks_lib.ingestion.converters.reading import clean
from tasks_lib.text.forms import composed

_LONGEST_OUTPUT = 4000
"""Characters of an output; logs and printed arrays are no text that somebody wrote."""


def convert_notebook(data: bytes) -> ConvertedDocument:
    """A notebook as Markdown; code and outputs are fenced.

    :raises UnreadableDocumentError: If it has no cells.
    """
    decoded = decode(data)
    notebook = json.loads(decoded.text)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if cells is None and isinstance(notebook, dict):  # version 3
        cells = [cell for sheet in notebook.get("worksheets", ()) for cell in sheet.get("cells", ())]
    if not cells:
        reason = "is no notebook, or one without cells"
        raise UnreadableDocumentError(reason)
    text = composed(clean("\n\n".join(part for cell in cells for part in _parts(cell) if part.strip())))
    outline = headings(text)
    return ConvertedDocument(text, "ipynb", title=title_of(outline), headings=outline, doubt=decoded.doubt)


def _parts(cell: dict[str, Any]) -> Iterator[str]:
    source = _joined(cell.get("source", cell.get("input", "")))
    if cell.get("cell_type") != "code":
        yield source
        return
    yield _fenced(source)
    for output in cell.get("outputs", ()):
        shown = output.get("text") or output.get("data", {}).get("text/plain", "")
        yield _fenced(_joined(shown)[:_LONGEST_OUTPUT])


def _joined(lines: Any) -> str:
    return "".join(map(str, lines)) if isinstance(lines, list) else str(lines or "")


def _fenced(text: str) -> str:
    fence = "````" if "```" in text else "```"
    return f"{fence}\n{text.strip()}\n{fence}" if text.strip() else ""
