"""HTML as Markdown: Haystack's converter, told to keep what an internal page says."""

import re

from tasks_lib.ingestion.converters.converted import ConvertedDocument
from tasks_lib.ingestion.converters.encoding import decode
from tasks_lib.ingestion.converters.markdown import headings, title_of
from tasks_lib.ingestion.converters.reading import clean, read
from tasks_lib.text.forms import composed

_MARKED = re.compile(r"<(?:article|main)\b", re.IGNORECASE)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)


def convert_html(data: bytes) -> ConvertedDocument:
    """Main content with headings, lists and tables; navigation and footers are left out."""
    from trafilatura import extract_metadata, html2txt

    decoded = decode(data, html=True)
    source = decoded.text
    page = as_article(source)
    found = read("html", page, required=False)
    text = composed(clean((found[0].content if found else html2txt(page)) or ""))
    about = extract_metadata(source)
    outline = headings(text)
    return ConvertedDocument(
        text,
        "html",
        title=title_of(outline) or (about.title if about else None) or None,
        headings=outline,
        modified=(about.date if about else None) or None,
        doubt=decoded.doubt,
    )


def as_article(source: str) -> str:
    """A page that does not mark its content is content: trafilatura drops the main heading of such pages otherwise."""
    if _MARKED.search(source):
        return source
    opening = _BODY.search(source)
    if opening is None:
        return f"<html><body><article>{source}</article></body></html>"
    closing = next(reversed(list(_BODY_END.finditer(source, opening.end()))), None)
    end = closing.start() if closing else len(source)
    return f"{source[: opening.end()]}<article>{source[opening.end() : end]}</article>{source[end:]}"
