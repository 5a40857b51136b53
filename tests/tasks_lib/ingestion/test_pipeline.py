"""The indexing pipeline: as it is built, as YAML, and with components of Haystack's and of other packages."""

import io
import zipfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from haystack import Document, Pipeline
from haystack.dataclasses import ByteStream

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError
from tasks_lib.haystack_yaml import pipeline_yaml
from tasks_lib.ingestion.converters.components import ConverterBySuffix, FormatConverter
from tasks_lib.ingestion.embedding import ChunkEmbedder
from tasks_lib.ingestion.masking import PersonalDataMasker
from tasks_lib.ingestion.pipeline import indexing_pipeline
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.splitters import ChunkSplitter, SplitterWithSpans
from tests.stubs.ingesting import sync

MARKITDOWN = "haystack_integrations.components.converters.markitdown.MarkItDownConverter"
KREUZBERG = "haystack_integrations.components.converters.kreuzberg.KreuzbergConverter"
SPLITTER = "haystack.components.preprocessors.DocumentSplitter"
ACME = """
from haystack import Document, component

@component
class Broken:
    @component.output_types(documents=list[Document])
    def run(self, sources: list):
        if b"bad" in sources[0].data:
            raise RuntimeError("no such thing\\nas this file")
        return {"documents": [Document(content=s.data.decode()) for s in sources if b"nothing" not in s.data]}

@component
class Upper:
    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document]):
        texts = [d.content.upper() for d in documents]
        return {"documents": [Document(content=half) for t in texts for half in (t[: len(t) // 2], t[len(t) // 2 :])]}

@component
class Picky:
    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document]):
        if any("poison" in d.content for d in documents):
            raise ValueError("poison found")
        return {"documents": documents}
"""
Ingest = Callable[..., IngestResult]


@pytest.fixture(scope="module", autouse=True)
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Components of another package, which are not allowed without being named."""
    folder = tmp_path_factory.mktemp("packages")
    (folder / "acme_ingest.py").write_text(ACME)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield


@pytest.fixture
def ingest(documents: Path, index: Any, embedder: Any) -> Ingest:
    """One sync of the folder, with components of `acme_ingest` allowed."""

    def once(**settings: Any) -> IngestResult:
        allowed = {"pipelines": {"allowed_modules": ["acme_ingest"]}}
        return sync(documents, index, embedder, Settings.model_validate({**allowed, **settings}))

    return once


def converters(**types: str) -> dict[str, Any]:
    """Configuration with a converter for each suffix."""
    return {"ingest": {"converters": {f".{suffix}": {"type": name} for suffix, name in types.items()}}}


def epub() -> bytes:
    """A book of one chapter."""
    stream = io.BytesIO()
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="c.opf"/>'
        "</rootfiles></container>"
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        '<dc:title>Leave guide</dc:title><dc:language>en</dc:language></metadata><manifest><item id="a" href="a.xhtml" '
        'media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>'
    )
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", f'<?xml version="1.0"?>{container}')
        archive.writestr("c.opf", f'<?xml version="1.0"?>{package}')
        archive.writestr("a.xhtml", "<html><body><h1>Leave</h1><p>Everybody has 27 days of leave.</p></body></html>")
    return stream.getvalue()


def chunks_of(index: Any) -> list[Document]:
    """Every chunk, in the order of the documents."""
    return sorted(index.sample(1000, 0), key=lambda chunk: (chunk.meta["document"], chunk.meta["start"], chunk.id))


def reasons(result: IngestResult) -> dict[str, str]:
    return {failure.path: failure.reason for failure in result.failed}


def test_what_the_pipeline_says_of_itself_makes_the_same_index(
    platform: LocalPlatform, documents: Path, tmp_path: Path, pdf_file: bytes
) -> None:
    (documents / "a.md").write_text("# Leave\n\nEverybody has leave. Ask jane.roe@example.org.\n")
    (documents / "b.pdf").write_bytes(pdf_file)
    ingest = {"source": str(documents), "mask_pii": True, "converters": {".epub": {"type": MARKITDOWN}}}
    settings = Settings.model_validate({"ingest": ingest})
    file = tmp_path / "pipeline.yaml"
    file.write_text(pipeline_yaml(indexing_pipeline(platform, settings)))
    synchronise(platform, settings)

    given = Settings.model_validate({"ingest": {**ingest, "pipeline": str(file)}})
    assert synchronise(platform, given).unchanged == 2
    other = Settings.model_validate({"collection": "other", "ingest": {**ingest, "pipeline": str(file)}})
    assert synchronise(platform, other).added == 2
    assert chunks_of(platform.index(other.rag)) == chunks_of(platform.index(settings.rag))


def test_another_pipeline_ingests_again(platform: LocalPlatform, documents: Path, tmp_path: Path) -> None:
    (documents / "a.md").write_text("Everybody has leave.\n")
    settings = Settings.model_validate({"ingest": {"source": str(documents)}})
    synchronise(platform, settings)
    said = indexing_pipeline(platform, settings).to_dict()
    said["components"]["splitter"]["init_parameters"]["tokens"] = 100
    file = tmp_path / "pipeline.yaml"
    file.write_text(yaml.safe_dump(said))

    given = Settings.model_validate({"ingest": {"source": str(documents), "pipeline": str(file)}})
    assert [synchronise(platform, given).updated for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    "part",
    [
        FormatConverter(file_format="pdf"),
        ConverterBySuffix(converters={".md": FormatConverter(file_format="md")}),
        PersonalDataMasker(entities=["EMAIL_ADDRESS"], score_threshold=0.4, allow=["@acme.org"], time_limit=2.0),
        ChunkSplitter(embedder=MiniLM(), tokens=60, overlap=5, strategy="fixed"),
        ChunkEmbedder(embedder=MiniLM()),
    ],
    ids=lambda part: type(part).__name__,
)
def test_components_are_rebuilt_as_they_were(part: Any) -> None:
    pipeline = Pipeline()
    pipeline.add_component("part", part)
    again = Pipeline.loads(pipeline.dumps(), allowed_modules=["tasks_lib.*"]).get_component("part")
    assert type(again) is type(part)
    assert again.to_dict() == part.to_dict()


def test_the_embedder_gives_an_array_and_asks_for_what_is_known(embedder: Any) -> None:
    known = np.ones(8).tolist()
    texts = ["one", "two", "two"]
    output = ChunkEmbedder(embedder=embedder).run(
        documents=[Document(content=text, meta={"content_hash": text}) for text in texts],
        known_vectors=lambda hashes: {"one": known} if "one" in hashes else {},
    )
    assert (output["vectors"].dtype, output["vectors"].shape, output["embedded"]) == (np.float32, (3, 8), 1)
    assert output["vectors"][0].tolist() == known
    assert embedder.texts == ["two"]


@pytest.mark.parametrize("converter", [MARKITDOWN, KREUZBERG])
def test_a_converter_of_a_package_takes_the_files_of_its_suffix(
    ingest: Ingest, index: Any, documents: Path, converter: str
) -> None:
    (documents / "guide.EPUB").write_bytes(epub())
    (documents / "broken.epub").write_bytes(b"PK\x03\x04 and nothing")
    (documents / "a.md").write_text("Alpha.")
    result = ingest(**converters(epub=converter))
    assert (result.added, list(reasons(result))) == (2, ["broken.epub"])
    assert "corrupt" in reasons(result)["broken.epub"]
    chunk = next(chunk for chunk in chunks_of(index) if chunk.meta["document"] == "guide.EPUB")
    assert "27 days" in (chunk.content or "")
    assert chunk.meta["end"] - chunk.meta["start"] == len(chunk.content or "")
    assert chunk.meta["title"] in {"Leave", "Leave guide"}
    assert chunk.meta["format"] == "epub"


def test_a_built_in_format_can_be_converted_by_another_package(
    ingest: Ingest, index: Any, documents: Path, docx_file: bytes, zip_bomb: bytes
) -> None:
    (documents / "pay.docx").write_bytes(docx_file)
    (documents / "bomb.docx").write_bytes(zip_bomb)
    (documents / "a.md").write_text("Alpha.")
    ingest()
    result = ingest(**converters(docx=KREUZBERG))
    assert (result.updated, result.unchanged) == (1, 1)
    assert "zip bomb" in reasons(result)["bomb.docx"]
    assert any("Payday" in (chunk.content or "") for chunk in chunks_of(index))
    assert ingest(**converters(docx=KREUZBERG)).unchanged == 2


def test_a_converter_that_raises_or_gives_nothing_fails_its_file_alone(
    ingest: Ingest, index: Any, documents: Path
) -> None:
    for name, text in (("a", "Alpha."), ("b", "bad"), ("c", "nothing")):
        (documents / f"{name}.acme").write_text(text)
    result = ingest(**converters(acme="acme_ingest.Broken"))
    assert result.added == 1
    assert reasons(result) == {
        "b.acme": "cannot be read as ACME: no such thing as this file",
        "c.acme": "empty: no text could be extracted",
    }
    assert [chunk.content for chunk in chunks_of(index)] == ["Alpha."]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (converters(acme=SPLITTER), "ingest.converters .acme names DocumentSplitter, which is no converter"),
        (converters(acme="haystack.components.absent.Converter"), "ingest.converters .acme names the component"),
        (converters(acme="other_package.Converter"), "module is not allowed"),
        ({"chunking": {"splitter": {"type": MARKITDOWN}}}, "chunking.splitter names MarkItDownConverter"),
        ({"chunking": {"splitter": {"type": SPLITTER, "init_parameters": {"split_length": 0}}}}, "chunking.splitter"),
        ({"ingest": {"pipeline": "absent.yaml"}}, "ingest.pipeline names the file 'absent.yaml'"),
    ],
)
def test_what_does_not_fit_is_named_with_its_key_before_anything_is_done(
    ingest: Ingest, index: Any, documents: Path, settings: dict[str, Any], said: str
) -> None:
    (documents / "a.md").write_text("Alpha.")
    with pytest.raises(ConfigurationError, match=said.replace(".", r"\.")) as refused:
        ingest(**settings)
    assert refused.value.exit_code == 2
    assert refused.value.hint
    assert not index.exists()


def test_a_splitter_of_haystack_keeps_exact_spans(ingest: Ingest, index: Any, documents: Path) -> None:
    text = "---\ntitle: Rules\n---\n# One\n\n" + "the same words again " * 30 + "\n\n# Two\n\n" + "other words " * 30
    (documents / "a.md").write_text(text)
    splitter = {"type": SPLITTER, "init_parameters": {"split_by": "word", "split_length": 20, "split_overlap": 5}}
    ingest(chunking={"splitter": splitter})
    chunks = chunks_of(index)
    assert len(chunks) > 8
    assert all(text[chunk.meta["start"] : chunk.meta["end"]] == chunk.content for chunk in chunks)
    assert {chunk.meta["title"] for chunk in chunks} == {"Rules"}
    assert (chunks[0].meta["heading"], chunks[-1].meta["heading"]) == ("One", "Two")
    assert ingest(chunking={"splitter": splitter}).unchanged == 1


def test_a_piece_whose_place_is_not_known_has_the_span_of_its_document(
    ingest: Ingest, index: Any, documents: Path
) -> None:
    text = "alpha beta gamma delta\n"
    (documents / "a.md").write_text(text)
    ingest(chunking={"splitter": {"type": "acme_ingest.Upper"}})
    assert [(chunk.meta["start"], chunk.meta["end"]) for chunk in chunks_of(index)] == [(0, len(text))] * 2


def test_a_splitter_that_raises_fails_its_document_alone(ingest: Ingest, documents: Path) -> None:
    (documents / "a.md").write_text("Alpha.")
    (documents / "b.md").write_text("poison")
    result = ingest(chunking={"splitter": {"type": "acme_ingest.Picky"}})
    assert (result.added, reasons(result)) == (1, {"b.md": "cannot be cut: poison found"})


def test_another_splitter_is_another_index_and_none_leaves_its_name_alone() -> None:
    names = {
        RagConfig.model_validate({"chunking": {"splitter": splitter}}).index_name
        for splitter in (None, {"type": SPLITTER}, {"type": SPLITTER, "init_parameters": {"split_length": 50}})
    }
    assert len(names) == 3
    assert RagConfig().index_name == "documents__all-minilm-l6-v2__125-0-240fc4d9"


def pipeline_file(folder: Path, parts: dict[str, dict[str, Any]]) -> str:
    """A pipeline of `parts` in a row, ending in our embedder."""
    components = {**parts, "embedder": ChunkEmbedder(embedder=MiniLM()).to_dict()}
    names = list(components)
    connections = [
        {"sender": f"{sender}.documents", "receiver": f"{receiver}.documents"} for sender, receiver in pairwise(names)
    ]
    file = folder / "own.yaml"
    file.write_text(yaml.safe_dump({"components": components, "connections": connections}))
    return str(file)


def test_a_pipeline_of_other_peoples_components_is_run(
    platform: LocalPlatform, documents: Path, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (documents / f"{name}.html").write_text(f"<h1>Leave {name}</h1><p>Everybody has leave.</p>")
    splitter = {"type": SPLITTER, "init_parameters": {"split_length": 3}}
    file = pipeline_file(tmp_path, {"converter": {"type": MARKITDOWN, "init_parameters": {}}, "splitter": splitter})
    settings = Settings.model_validate({"ingest": {"source": str(documents), "pipeline": file}})
    result = synchronise(platform, settings)
    assert (result.added, result.failed) == (2, [])
    chunks = chunks_of(platform.index(settings.rag))
    assert {chunk.meta["document"] for chunk in chunks} == {"a.html", "b.html"}
    assert "".join(chunk.content or "" for chunk in chunks if chunk.meta["document"] == "a.html") == (
        "# Leave a\n\nEverybody has leave."
    )
    assert all(chunk.meta["end"] - chunk.meta["start"] == len(chunk.content or "") for chunk in chunks)
    assert synchronise(platform, settings).unchanged == 2


def test_a_document_that_a_component_of_a_pipeline_does_not_take_fails_alone(
    platform: LocalPlatform, documents: Path, tmp_path: Path
) -> None:
    (documents / "a.md").write_text("Alpha.")
    (documents / "b.md").write_text("poison")
    parts = {
        "converter": ConverterBySuffix(converters={".md": FormatConverter(file_format="md")}).to_dict(),
        "picky": {"type": "acme_ingest.Picky", "init_parameters": {}},
        "splitter": ChunkSplitter(embedder=MiniLM()).to_dict(),
    }
    allowed = {"allowed_modules": ["acme_ingest"]}
    file = pipeline_file(tmp_path, parts)
    settings = Settings.model_validate({"ingest": {"source": str(documents), "pipeline": file}, "pipelines": allowed})
    result = synchronise(platform, settings)
    assert (result.added, reasons(result)) == (1, {"b.md": "picky: poison found"})
    with pytest.raises(ConfigurationError, match="not allowed"):
        synchronise(platform, settings.model_copy(update={"pipelines": Settings().pipelines}))


@pytest.mark.parametrize(
    ("parts", "changed", "said"),
    [
        ({"splitter": {"type": SPLITTER, "init_parameters": {}}}, {}, "needs documents"),
        ({"converter": {"type": MARKITDOWN, "init_parameters": {}}}, {"mask_pii": True}, "has no PersonalDataMasker"),
    ],
)
def test_a_pipeline_that_does_not_fit_is_refused(
    platform: LocalPlatform, documents: Path, tmp_path: Path, parts: Any, changed: dict[str, Any], said: str
) -> None:
    (documents / "a.md").write_text("Alpha.")
    ingest = {"source": str(documents), "pipeline": pipeline_file(tmp_path, parts), **changed}
    with pytest.raises(ConfigurationError, match=said):
        synchronise(platform, Settings.model_validate({"ingest": ingest}))


def test_the_wrapped_splitter_says_what_it_wraps() -> None:
    from haystack.components.preprocessors import DocumentSplitter

    said = SplitterWithSpans(splitter=DocumentSplitter(split_length=7)).to_dict()
    again = SplitterWithSpans.from_dict(said)
    assert again.to_dict()["init_parameters"]["splitter"]["init_parameters"]["split_length"] == 7


def test_a_format_converter_takes_what_converters_of_haystack_take(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("# Leave\n\nText.")
    given = FormatConverter(file_format="md").run(sources=[str(file), file, ByteStream(b"# Leave\n\nText.")])
    assert {document.content for document in given["documents"]} == {"# Leave\n\nText."}
    assert given["documents"][0].meta["headings"] == [[0, 1, "Leave"]]
