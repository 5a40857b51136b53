"""What converting costs beside embedding, format by format, on the same text.

``python benchmarks/ingestion/formats.py [--documents 40]``. Seconds of processor, so other work on the machine counts
for little: embedding what the format became, over that and converting and cutting it. Ingestion does both at once, in
two threads; this is its ratio where nothing overlaps.
"""

import argparse
import html
import io
import json
import tempfile
import time
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from corpus import write_documents

from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.config.rag import ChunkingConfig
from tasks_lib.ingestion.chunking import chunk_document
from tasks_lib.ingestion.converters.convert import convert

TOKENS = 500
_URN = "urn:oasis:names:tc:opendocument:xmlns"
_ODF = f'xmlns:office="{_URN}:office:1.0" xmlns:text="{_URN}:text:1.0"'


def _paragraphs(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _zip(**members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return stream.getvalue()


def _epub(text: str) -> bytes:
    package = '<manifest><item id="a" href="a.xhtml"/></manifest><spine><itemref idref="a"/></spine>'
    return _zip(
        **{"META-INF__container_xml": '<container><rootfiles><rootfile full-path="c.opf"/></rootfiles></container>'},
        c_opf=f'<package xmlns="http://www.idpf.org/2007/opf">{package}</package>',
        a_xhtml=_html(text),
    )


def _html(text: str) -> str:
    return f"<html><body>{''.join(f'<p>{html.escape(line)}</p>' for line in _paragraphs(text))}</body></html>"


def _mail(text: str) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"] = "Rules", "a@example.org"
    message.set_content(text)
    return message.as_bytes()


def _odt(text: str) -> bytes:
    body = "".join(f"<text:p>{html.escape(line)}</text:p>" for line in _paragraphs(text))
    inside = f"<office:body><office:text>{body}</office:text></office:body>"
    return _zip(content_xml=f"<office:document-content {_ODF}>{inside}</office:document-content>")


def _notebook(text: str) -> str:
    return json.dumps({"cells": [{"cell_type": "markdown", "source": text}], "nbformat": 4})


WRITERS: dict[str, Callable[[str], str | bytes]] = {
    "md": str,
    "mdx": str,
    "txt": str,
    "rst": lambda text: text.replace("#", ""),
    "adoc": lambda text: text.replace("#", "="),
    "html": _html,
    "csv": lambda text: "rule,text\n" + "\n".join(f'{n},"{line}"' for n, line in enumerate(_paragraphs(text))),
    "tsv": lambda text: "rule\ttext\n" + "\n".join(f"{n}\t{line}" for n, line in enumerate(_paragraphs(text))),
    "json": lambda text: json.dumps(_paragraphs(text)),
    "jsonl": lambda text: "\n".join(json.dumps({"rule": line}) for line in _paragraphs(text)),
    "yaml": lambda text: "\n".join(f"- {json.dumps(line)}" for line in _paragraphs(text)),
    "xml": lambda text: f"<rules>{''.join(f'<rule>{html.escape(line)}</rule>' for line in _paragraphs(text))}</rules>",
    "ipynb": _notebook,
    "eml": _mail,
    "epub": _epub,
    "odt": _odt,
    "rtf": lambda text: "{\\rtf1\\ansi " + "\\par ".join(_paragraphs(text)) + "}",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=40)
    arguments = parser.parse_args()
    embedder = MiniLM()
    embedder.embed(["warm"])
    with tempfile.TemporaryDirectory() as folder:
        write_documents(Path(folder), arguments.documents, TOKENS, embedder)
        texts = [path.read_text(encoding="utf-8") for path in sorted(Path(folder).rglob("*.md"))]
    print("| format | chunks | converting and cutting, s | embedding, s | ratio |")
    print("|---|---|---|---|---|")
    for suffix, write in WRITERS.items():
        written = [write(text) for text in texts]
        files = [each if isinstance(each, bytes) else each.encode() for each in written]
        convert(f"warm.{suffix}", files[0])
        started = time.process_time()
        chunks = [
            chunk
            for file in files
            for chunk in chunk_document(
                convert(f"a.{suffix}", file), ChunkingConfig(), embedder, source="", document="a", document_hash=""
            )
        ]
        converted = time.process_time()
        embedder.embed([chunk.embedding_text for chunk in chunks])
        embedded = time.process_time() - converted
        cost = converted - started
        print(
            f"| {suffix} | {len(chunks)} | {cost:.2f} | {embedded:.2f} | {embedded / (embedded + cost):.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
