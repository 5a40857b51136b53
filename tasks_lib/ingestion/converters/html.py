"""HTML pages: what a browser shows of their content, in its order."""

import re
from typing import Any

from tasks_lib.ingestion.converters.converted import ConvertedDocument
from tasks_lib.ingestion.converters.encoding import decode
from tasks_lib.ingestion.converters.html_blocks import HtmlReader
from tasks_lib.ingestion.converters.html_content import content_of, is_shown
from tasks_lib.ingestion.converters.markdown import title_of
from tasks_lib.ingestion.converters.reading import quiet_parsers
from tasks_lib.ingestion.converters.writing import TextWriter

_SOFT_HYPHENS = re.compile("\u00ad|&shy;")
_ENDED = "holds elements more than 2,000 levels deep within each other: what stands there and behind is left out"


def convert_html(data: bytes) -> ConvertedDocument:
    """Main content with headings, lists and tables; navigation and footers are left out."""
    from trafilatura import extract_metadata

    quiet_parsers()
    decoded = decode(data, html=True)
    document = written(decoded.text)
    about = extract_metadata(decoded.text)
    outline = document.headings
    return document.document(
        "html",
        title=title_of(outline) or (about.title if about else None) or None,
        modified=(about.date if about else None) or None,
        doubt=decoded.doubt,
    )


def written(source: str) -> TextWriter:
    """The writer that took the content of a page."""
    page, missing = parsed_page(source)
    reader = HtmlReader()
    reader.read(content_of(page))
    if not reader.writer.text.strip():
        reader = HtmlReader(is_shown)  # a page that is nothing but links
        reader.read(page)
    reader.writer.doubt = missing
    return reader.writer


def parsed_page(source: str) -> tuple[Any, str]:
    """The root element of a page, whatever is wrong with it, and what is missing of it: empty where nothing is."""
    from lxml import etree, html

    text = _SOFT_HYPHENS.sub("", source).replace("\0", " ")
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:  # nothing in it
        root = html.fragment_fromstring("<div></div>")
    ended = any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log)
    return root, _ENDED if ended else ""
