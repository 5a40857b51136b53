"""Answers, uncertain answers and refusals from what was extracted or generated."""

import pytest
from haystack import Document
from haystack.dataclasses import ChatMessage

from tasks_lib.assistant.answering.builders import ExtractedAnswer, GeneratedAnswer
from tasks_lib.assistant.contract.answer import Answer, Usage


def passages(number: int) -> list[Document]:
    return [Document(content=f"p{n}", meta={"document": f"{n}.md", "start": 0, "end": 2}) for n in range(number)]


def extracted(lead: str = "The documents say this about it:", **found: object) -> Answer:
    builder = ExtractedAnswer(
        model="local/extractive",
        refusal="No.",
        threshold=0.5,
        uncertain=lead,
        certainty=1.0,
        small_talk="Ask me.",
    )
    again = ExtractedAnswer.from_dict(builder.to_dict())
    given = {"text": "Four.", "evidence": 0.8, "certainty": 1.2, "used": 1, "documents": passages(3), "usage": Usage()}
    answer: Answer = again.run(**{**given, **found})["answer"]  # type: ignore[arg-type]
    return answer


def test_the_sources_of_the_text_are_marked() -> None:
    answer = extracted()
    assert (answer.response, answer.refused, answer.uncertain) == ("Four.", False, False)
    assert [source.used for source in answer.source_documents] == [True, False, False]


def test_what_may_not_answer_is_said_and_is_no_refusal() -> None:
    answer = extracted(certainty=0.9)
    assert answer.response == "The documents say this about it:\nFour."
    assert (answer.refused, answer.uncertain) == (False, True)


def test_too_little_evidence_is_a_refusal_however_certain() -> None:
    answer = extracted(evidence=0.4, certainty=0.2)
    assert (answer.response, answer.refused, answer.uncertain) == ("No.", True, False)
    assert not any(source.used for source in answer.source_documents)


def test_small_talk_gets_a_sentence_and_no_sources() -> None:
    answer = extracted(question="Hello!")
    assert (answer.response, answer.refused, answer.source_documents) == ("Ask me.", True, [])
    assert extracted(question="How many are there?").response == "Four."


def test_a_model_marks_what_it_cites() -> None:
    builder = GeneratedAnswer(model="mock/canned", refusal="No.")

    def used(reply: str) -> list[bool | None]:
        replies = [ChatMessage.from_assistant(reply)]
        answer = builder.run(documents=passages(3), usage=Usage(), replies=replies)["answer"]
        return [source.used for source in answer.source_documents]

    assert used("It is four [1, 3].") == [True, False, True]
    assert used("It is four.") == [None, None, None]
    assert used("It is four [9].") == [None, None, None]


@pytest.mark.parametrize(
    "lead", ["The documents say this about it:", "Here is what our own handbook says on the matter:", ""]
)
def test_the_lead_is_what_the_assistant_says_itself(lead: str) -> None:
    held = [Document(content="Four.\nIt is so.", meta={"document": "0.md", "start": 0, "end": 2})]
    answer = extracted(certainty=0.9, lead=lead, text="Four.\nIt is so.", documents=held)
    assert answer.lead == (f"{lead}\n" if lead else "")
    assert answer.response.removeprefix(answer.lead) == "Four.\nIt is so."
