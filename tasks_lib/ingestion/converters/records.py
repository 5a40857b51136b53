"""JSON, JSON Lines and XML: values with their names, a line for each record or value."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.encoding import decode
from tasks_lib.ingestion.converters.reading import clean
from tasks_lib.ingestion.converters.tables import named_line
from tasks_lib.ingestion.converters.writing import TextWriter
from tasks_lib.text.forms import composed
from tasks_lib.text.rows import lines_of

_DEEPEST = 100
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)


def convert_json(data: bytes) -> ConvertedDocument:
    """A value a line, since any of them may hold what is asked for; JSON Lines, also under this name."""
    decoded = decode(data)
    try:
        text = json.dumps(json.loads(decoded.text), ensure_ascii=False, indent=1)
    except json.JSONDecodeError:
        if not decoded.text.strip():
            return ConvertedDocument("", "json")
        if len(lines_of(decoded.text)) < 2 or not _is_lines(decoded.text):
            raise
        return convert_json_lines(data)
    return ConvertedDocument(composed(clean(text)), "json", doubt=decoded.doubt)


def convert_json_lines(data: bytes) -> ConvertedDocument:
    """A line for each record, whose values stand behind their names.

    :raises UnreadableDocumentError: If a line is no JSON.
    """
    decoded = decode(data)
    lines = []
    for number, line in enumerate(lines_of(decoded.text), start=1):
        if not line.strip():
            continue
        try:
            lines.append(named_line(list(_flat(json.loads(line)))))
        except (ValueError, RecursionError) as error:
            deep = isinstance(error, RecursionError)
            reason = f"line {number} is not JSON: {'its values lie too deep within each other' if deep else error}"
            raise UnreadableDocumentError(reason) from error
    return ConvertedDocument(composed(clean("\n".join(lines))), "jsonl", doubt=decoded.doubt)


def _is_lines(text: str) -> bool:
    """Whether the first line that is not empty is a whole record."""
    first = next(line for line in lines_of(text) if line.strip())
    try:
        return isinstance(json.loads(first), (dict, list))
    except ValueError:
        return False


def _flat(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Names, joined by dots, and values as text."""
    if isinstance(value, dict) and value and depth < _DEEPEST:
        for key, each in value.items():
            yield from _flat(each, f"{name}.{key}" if name else str(key), depth + 1)
    elif isinstance(value, list) and not any(isinstance(each, (dict, list)) for each in value):
        yield name, ", ".join(map(_text, value))
    elif isinstance(value, list) and depth < _DEEPEST:
        for each in value:
            yield from _flat(each, name, depth + 1)
    else:
        yield name, _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def convert_xml(data: bytes) -> ConvertedDocument:
    """Elements with text in their order, behind their names; attributes likewise. Prose with marks is one paragraph.

    :raises UnreadableDocumentError: If it declares entities, as a bomb does, or is no XML.
    """
    from lxml import etree

    decoded = decode(data, html=True)
    if _ENTITY.search(decoded.text):
        reason = "declares entities, as an XML bomb does: save it without its document type"
        raise UnreadableDocumentError(reason)
    bare = re.sub(r"\A\s*<\?xml[^>]*\?>", "", clean(decoded.text))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    writer = TextWriter(lambda text: composed(clean(text)))
    _write_element(etree.fromstring(bare.encode(), parser), writer, 0)
    return writer.document("xml", doubt=decoded.doubt)


def _write_element(element: Any, writer: TextWriter, depth: int) -> None:
    name = _local(element.tag)
    for key, value in element.attrib.items():
        if _is_told(_local(key), value):
            writer.item(f"{name} {_local(key)}: {value}")
    children = [child for child in element if isinstance(child.tag, str)]
    tails = [element.text if children else None, *(child.tail for child in children)]
    if not children or any(text and text.strip() for text in tails) or depth >= _DEEPEST:
        text = " ".join("".join(element.itertext()).split())
        if text:
            writer.item(f"{name}: {text}")
        return
    for child in children:
        _write_element(child, writer, depth + 1)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _is_told(name: str, value: str) -> bool:
    """Whether an attribute says something: names of schemas and numbers of elements do not."""
    return bool(value.strip()) and name not in {"id", "schemaLocation", "noNamespaceSchemaLocation", "space"}
