"""Chunks keep to the structure and to the budget, and know their place."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.config.rag import ChunkingConfig
from tasks_lib.ingestion.chunk import Chunk
from tasks_lib.ingestion.chunking import WINDOW_CHARACTERS, chunk_document
from tasks_lib.ingestion.converters.convert import convert

HANDBOOK = """# Leave

Everybody has leave, and everybody takes it. It is paid by the company.

## Asking

Ask in writing. Dr. Berg answers within three days, e.g. by Friday. Then it is settled!

- one week for short leave
- six weeks for long leave

## Carrying over

### Deadline

Five days may be carried over. They lapse on 31 March.
"""


def cut(text: str, embedder: Embedder, path: str = "a.md", **chunking: object) -> list[Chunk]:
    """Chunks of a document, each checked against the text."""
    document = convert(path, text.encode())
    config = ChunkingConfig.model_validate(chunking)
    chunks = list(chunk_document(document, config, embedder, source="s", document=path, document_hash="h"))
    for chunk in chunks:
        assert document.text[chunk.start : chunk.end] == chunk.content
        assert len(embedder.token_spans(chunk.content)) <= config.tokens
    return chunks


def outside(text: str, chunks: Sequence[Chunk]) -> str:
    """What no chunk holds, white space aside."""
    held = {position for chunk in chunks for position in range(chunk.start, chunk.end)}
    return "".join(c for position, c in enumerate(text) if position not in held and not c.isspace())


def test_sections_are_chunks_with_title_and_heading_path(embedder: Embedder) -> None:
    chunks = cut(HANDBOOK, embedder, tokens=45)
    assert [chunk.heading for chunk in chunks] == [None, "Asking", "Carrying over > Deadline"]
    assert {chunk.title for chunk in chunks} == {"Leave"}
    assert chunks[1].content.startswith("## Asking")
    assert chunks[1].embedding_text.startswith("Leave > Asking\n")
    assert not outside(HANDBOOK, chunks)


def test_tiny_sections_are_merged_up_to_the_budget(embedder: Embedder) -> None:
    text = "\n\n".join(f"## Part {number}\n\nA word." for number in range(12))
    chunks = cut(text, embedder, tokens=40)
    assert len(chunks) == 3
    assert chunks[0].heading is None
    assert not outside(text, chunks)


def test_a_heading_alone_goes_with_the_section_that_it_opens(embedder: Embedder) -> None:
    body = "\n\n".join(f"Paragraph {number} has seven words." for number in range(7))
    for text in (f"# Leave\n\n## Asking\n\n{body}", f"Leave\n=====\n\n{body}"):
        chunks = cut(text, embedder, tokens=44)
        assert len(chunks) == 2
        assert chunks[0].content.startswith(text[:7])
        assert all("Paragraph" in chunk.content for chunk in chunks)
        assert not outside(text, chunks)


def test_long_sections_are_cut_at_paragraphs_then_sentences(embedder: Embedder) -> None:
    paragraphs = [" ".join(f"Sentence {p} {s} is here." for s in range(4)) for p in range(6)]
    chunks = cut("\n\n".join(paragraphs), embedder, tokens=60)
    assert [chunk.content for chunk in chunks] == ["\n\n".join(paragraphs[at : at + 2]) for at in (0, 2, 4)]
    for chunk in cut(" ".join(paragraphs), embedder, tokens=40):
        assert chunk.content.startswith("Sentence")
        assert chunk.content.endswith(".")


def test_table_rows_and_list_items_stay_whole(embedder: Embedder) -> None:
    table = "\n".join(f"| name {row} | value number {row} |" for row in range(40))
    items = "\n".join(f"- item {row} of the list" for row in range(40))
    for chunk in cut(f"{table}\n\n{items}", embedder, tokens=50):
        assert chunk.content.startswith(("|", "-"))
        assert chunk.content.endswith(("|", "list"))


def test_abbreviations_and_initials_end_no_sentence(embedder: Embedder) -> None:
    text = "Ask J. Smith or Dr. Berg at no. 5 about it, e.g. On Friday. " * 12
    for chunk in cut(text, embedder, tokens=40):
        assert chunk.content.startswith("Ask")


def test_overlap_repeats_the_end_of_the_chunk_before(embedder: Embedder) -> None:
    text = " ".join(f"Sentence number {number} stands here." for number in range(40))
    chunks = cut(text, embedder, tokens=40, overlap=15)
    for before, after in itertools.pairwise(chunks):
        shared = text[after.start : before.end]
        assert shared.startswith("Sentence")
        assert 1 <= len(embedder.token_spans(shared)) <= 15
    assert not outside(text, chunks)


def test_fixed_chunks_count_tokens_and_ignore_headings(embedder: Embedder) -> None:
    chunks = cut(HANDBOOK, embedder, tokens=30, strategy="fixed")
    counts = [len(embedder.token_spans(chunk.content)) for chunk in chunks]
    assert set(counts[:-1]) == {30}
    assert not outside(HANDBOOK, chunks)


def test_binary_data_in_a_text_is_left_out(embedder: Embedder) -> None:
    text = f"Before.\n\n![logo](data:image/png;base64,{'iVBORw0K' * 5000})\n\nAfter."
    chunks = cut(text, embedder)
    assert len(chunks) <= 2
    assert all("iVBOR" not in chunk.content for chunk in chunks)
    assert "After." in chunks[-1].content


def test_word_without_end_is_cut_by_characters(embedder: Embedder) -> None:
    text = "x" * 2000
    chunks = cut(text, embedder, path="a.txt", tokens=100)
    assert len(chunks) == 20
    assert not outside(text, chunks)


def test_long_texts_are_tokenised_in_windows(embedder: Embedder) -> None:
    text = "A line of words that fills it.\n" * (WINDOW_CHARACTERS // 20)
    chunks = cut(text, embedder)
    assert sum(chunk.content.count("A line of") for chunk in chunks) == WINDOW_CHARACTERS // 20


def test_pages_and_dates_travel_with_the_chunk(embedder: Embedder, pdf_file: bytes) -> None:
    document = convert("a.pdf", pdf_file)
    chunks = list(
        chunk_document(document, ChunkingConfig(tokens=16), embedder, source="s", document="a.pdf", document_hash="h")
    )
    assert chunks[0].page == 1
    assert chunks[0].meta["format"] == "pdf"
    assert chunks[0].meta["modified"] == document.modified


WORDS = st.sampled_from(
    [
        "word",
        "Ünï",
        "字",
        "漢字。",
        "a.b",
        "## h",
        "# t",
        "- i",
        "| c |",
        "\n",
        "\n\n",
        "\f",
        "x" * 130,
        "!",
        "Dr.",
        "“q”",
        "\r\n",
    ]
)


@pytest.mark.parametrize("strategy", ["structure", "fixed"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(words=st.lists(WORDS, max_size=120), tokens=st.integers(16, 60), overlap=st.integers(0, 15))
def test_any_text_is_covered_within_the_budget(
    embedder: Embedder, strategy: str, words: list[str], tokens: int, overlap: int
) -> None:
    text = " ".join([*words, "end"])
    chunks = cut(text, embedder, tokens=tokens, overlap=overlap, strategy=strategy)
    assert not outside(text, chunks)
    assert [chunk.start for chunk in chunks] == sorted({chunk.start for chunk in chunks})


def test_every_chunk_of_a_long_table_knows_its_columns_and_every_cell_its_row(embedder: Embedder) -> None:
    rows = [f"Depot {n};{n * 7},50 euros;{n % 12}:30" for n in range(200)]
    table = convert("a.csv", "\n".join(["Depot;Daily fee;Opening hour", *rows]).encode())
    chunks = list(chunk_document(table, ChunkingConfig(tokens=125), embedder, source="", document="", document_hash=""))
    assert len(chunks) > 20
    lines = [line for chunk in chunks for line in chunk.content.splitlines()]
    assert lines[1:] == [
        f"| Depot: Depot {n} | Daily fee: {n * 7},50 euros | Opening hour: {n % 12}:30 |" for n in range(200)
    ]
    assert all(chunk.content == table.text[chunk.start : chunk.end] for chunk in chunks)
