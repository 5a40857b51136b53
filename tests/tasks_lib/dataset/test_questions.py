"""Questions made from a real index without a language model."""

import unicodedata
from typing import Any

import pytest

from tasks_lib.config.settings import DatasetConfig
from tasks_lib.dataset.collection import Wanted
from tasks_lib.dataset.corpus import Corpus, balanced
from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.examples import CandidateQuestion
from tasks_lib.dataset.filters import reason_to_drop
from tasks_lib.dataset.questions import Generated, still_grounded
from tasks_lib.errors import InputError
from tests.tasks_lib.dataset.generating import generate

CONFIG = DatasetConfig(size=24, seed=3)


@pytest.fixture(scope="module")
def made(handbook: Any) -> Generated:
    return generate(handbook, CONFIG)


def test_every_kind_is_made_in_the_wanted_number(made: Generated) -> None:
    kinds = [example.kind for example in made.examples]

    assert made.origin == "extractive"
    assert len(kinds) == 24
    assert kinds.count("unanswerable") == kinds.count("off_topic") == 4
    assert kinds.count("follow_up") >= 1


def test_a_set_for_which_the_documents_hold_too_few_facts_does_not_fill_up_with_questions_to_refuse(
    handbook: Any,
) -> None:
    few = generate(handbook, DatasetConfig(size=2_000, seed=3))

    refusals = sum(example.must_refuse for example in few.examples)
    assert len(few.examples) < 2_000
    assert 0 < refusals <= 0.32 * len(few.examples)


def test_references_are_the_exact_characters_of_the_document(made: Generated, handbook: Any) -> None:
    references = [reference for example in made.examples for reference in example.references]

    assert len(references) >= 16
    for reference in references:
        assert handbook.texts[reference.document][reference.start : reference.end] == reference.content


def test_no_question_survives_that_a_filter_drops(made: Generated, handbook: Any) -> None:
    passages = tuple(handbook.texts.values())

    assert {reason_to_drop(CandidateQuestion(example, passages)) for example in made.examples} == {None}


def test_questions_are_spread_over_the_documents(made: Generated, handbook: Any) -> None:
    documents = {reference.document for example in made.examples for reference in example.references}

    assert len(documents) >= 0.7 * len(handbook.texts)


def test_the_same_seed_gives_the_same_questions_and_another_seed_others(handbook: Any) -> None:
    config = DatasetConfig(size=6, seed=3)
    first, again, other = (generate(handbook, config.model_copy(update={"seed": seed})) for seed in (3, 3, 4))

    assert again == first
    assert {example.id for example in other.examples} != {example.id for example in first.examples}


def test_unanswerable_questions_name_something_that_no_document_mentions(made: Generated, handbook: Any) -> None:
    coverage = Coverage.of(handbook.index, handbook.embedder)
    unanswerable = [example.question for example in made.examples if example.kind == "unanswerable"]

    assert [question for question in unanswerable if coverage.mentions(question)] == []


def test_regenerating_after_a_change_keeps_the_questions_whose_evidence_stands(library: Any) -> None:
    for number in range(4):
        facts = "".join(f"Team {name} has {number + 2} printers in room {name}. " for name in ("Alba", "Bora", "Cima"))
        library.put(f"office-{number}.md", f"# Office {number}\n\n{facts}\n")
    config = DatasetConfig(size=6, unanswerable_share=0, off_topic_share=0)
    before = generate(library, config)
    gone = before.examples[0].references[0].document
    library.put(gone, "# Office\n\nTeam Dora has 9 windows in the yellow room.\n")

    kept = still_grounded(before.examples, library.index)
    after = generate(library, config, kept=kept)

    assert [e.id for e in kept] == [e.id for e in before.examples if e.references[0].document != gone]
    assert {example.id for example in kept} <= {example.id for example in after.examples}
    assert all(example.references[0].document != gone for example in kept)


def test_an_empty_index_says_to_ingest(library: Any) -> None:
    with pytest.raises(InputError, match="holds no documents") as caught:
        generate(library, CONFIG)

    assert "llmops ingest" in caught.value.hint


def test_documents_without_facts_are_refused_with_a_way_out(library: Any) -> None:
    library.put("a.md", "# Hello\n\nWelcome, dear friends!\n")

    with pytest.raises(InputError, match="states a fact") as caught:
        generate(library, CONFIG)

    assert "--import" in caught.value.hint


def test_off_topic_questions_that_the_documents_cover_are_left_out(library: Any) -> None:
    library.put("space.md", "# Planets\n\nHow many moons does Jupiter have? Jupiter has 95 moons.\n")
    coverage = Coverage.of(library.index, library.embedder)

    assert coverage.covers("How many moons does Jupiter have?")
    assert not coverage.covers("How do I tune a ukulele?")
    assert coverage.mentions("Jupiter")
    assert not coverage.mentions("Saturn")


def test_shares_become_counts() -> None:
    assert Wanted.of(DatasetConfig(size=60)) == Wanted(answerable=38, follow_up=4, unanswerable=9, off_topic=9)
    assert Wanted.of(DatasetConfig(size=1)) == Wanted(answerable=1, follow_up=0, unanswerable=0, off_topic=0)


def test_chunks_are_taken_a_document_at_a_time(library: Any) -> None:
    first = library.put("a.md", "# A\n\n" + "Long text here. " * 100)
    second = library.put("b.md", "# B\n\nShort text.")

    assert len(first) > 1
    assert [chunk.meta["document"] for chunk in balanced([*first, *second])][:3] == ["a.md", "b.md", "a.md"]


def test_a_corpus_finds_documents_and_excerpts_in_any_unicode_form(library: Any) -> None:
    library.put("Gebühren.md", "# Gebühren\n\nDie Liegegebühr beträgt elf Euro, which office files show.")
    corpus = Corpus.of(library.index)
    for form in ("NFC", "NFD"):
        document = unicodedata.normalize(form, "Gebühren.md")
        assert corpus.has(document)
        found = corpus.locate(unicodedata.normalize(form, "Die Liegegebühr beträgt elf Euro"), document)
        assert found is not None
        assert corpus.contains(found)
    assert corpus.locate("which o\ufb03ce \ufb01les show") is not None


def test_a_corpus_finds_excerpts_across_line_breaks(library: Any) -> None:
    library.put("a.md", "# A\n\nEmployees receive 27 days\nof leave.")
    corpus = Corpus.of(library.index)
    found = corpus.locate("receive 27 days of leave.", "a.md")

    assert found is not None
    assert library.texts["a.md"][found.start : found.end] == found.content == "receive 27 days\nof leave."
    assert corpus.contains(found)
    assert corpus.locate("receive 28 days") is None
    assert corpus.nearest("aa.md") == "a.md"


RULES = "These are the rules of the house, and they are the same for all of the people who work with us here.\n\n"
ROWS = "".join(f"| {city} | {limit} euros |\n" for city, limit in (("Lisbon", 140), ("Leeds", 150), ("Aarhus", 165)))


@pytest.mark.parametrize(
    ("name", "texts", "most"),
    [
        (
            "one document",
            ["# Leave\n\n" + RULES + "Full-time employees receive 27 days of annual leave per year.\n"],
            2,
        ),
        (
            "a table",
            ["# Travel\n\n" + RULES + "Table 1: Hotel limits\n\n| City | Hotel limit |\n|---|---|\n" + ROWS],
            4,
        ),
    ],
)
def test_small_and_odd_documents_make_few_questions_and_none_twice(
    library: Any, name: str, texts: list[str], most: int
) -> None:
    for number, text in enumerate(texts):
        library.put(f"{name}-{number}.md", text)
    asked = [e.asked for e in generate(library, DatasetConfig(size=60)).examples if not e.must_refuse]

    assert 1 <= len(asked) <= most
    assert len(set(asked)) == len(asked)


def test_copies_of_one_document_are_refused_with_the_reason(library: Any) -> None:
    for number in range(6):
        library.put(
            f"{number}.md", "# Leave\n\n" + RULES + "Full-time employees receive 27 days of annual leave per year.\n"
        )

    with pytest.raises(InputError, match="12 answered_in_many_places"):
        generate(library, CONFIG)


def test_code_alone_is_refused_with_a_way_out(library: Any) -> None:
    library.put("code.md", "```python\nfor number in range(10):\n    print(number)\n```\n")

    with pytest.raises(InputError, match="states a fact"):
        generate(library, CONFIG)
