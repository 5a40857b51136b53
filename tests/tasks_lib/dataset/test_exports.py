"""Exports of other tools, in the shapes that their documentation shows."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks_lib.dataset.corpus import Corpus
from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.evidence import EvidenceSearch
from tasks_lib.dataset.importing import read_examples
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.errors import InputError

QUESTION, ANSWER, CONTEXT = "How many days do interns get?", "ten days", "Interns receive ten days."
TEXT = (
    "# Leave\n\nFull-time employees receive 27 days of leave. Interns receive ten days.\n\nThe canteen opens at noon.\n"
)

EXPORTS: dict[str, dict[str, Any]] = {
    "ragas": {
        "user_input": QUESTION,
        "reference": ANSWER,
        "reference_contexts": [CONTEXT],
        "synthesizer_name": "single_hop_specific_query_synthesizer",
    },
    "ragas 0.1": {"question": QUESTION, "ground_truth": ANSWER, "contexts": [CONTEXT], "evolution_type": "simple"},
    "deepeval": {
        "input": QUESTION,
        "actual_output": None,
        "expected_output": ANSWER,
        "retrieval_context": None,
        "context": [CONTEXT],
        "source_file": "leave.md",
    },
    "promptfoo": {
        "vars": {"question": QUESTION, "context": CONTEXT},
        "assert": [{"type": "llm-rubric", "value": "is polite"}, {"type": "icontains", "value": ANSWER}],
    },
    "langsmith": {
        "id": "5d1c",
        "inputs": {"question": QUESTION},
        "outputs": {"answer": ANSWER},
        "metadata": {"split": "base"},
    },
    "langfuse": {
        "id": "clx1",
        "status": "ACTIVE",
        "input": {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": QUESTION}]},
        "expectedOutput": {"text": ANSWER},
        "metadata": None,
        "datasetName": "hr",
    },
}


@pytest.fixture
def read(library: Any, tmp_path: Path) -> Any:
    library.put("leave.md", TEXT)
    similarity = Similarity(library.embedder)
    evidence = EvidenceSearch(Coverage.of(library.index, library.embedder), similarity)

    def reading(text: str, name: str) -> Any:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read_examples(str(tmp_path / name), Corpus.of(library.index), evidence)

    return reading


@pytest.mark.parametrize("tool", EXPORTS)
@pytest.mark.parametrize("form", ["json", "jsonl", "yaml"])
def test_an_export_is_read_with_its_evidence(read: Any, tool: str, form: str) -> None:
    row = EXPORTS[tool]
    text = {"json": json.dumps([row]), "jsonl": json.dumps(row) + "\n", "yaml": yaml.safe_dump({"tests": [row]})}[form]
    imported = read(text, f"export.{form}")
    (example,) = imported.examples

    assert (example.question, example.answer) == (QUESTION, ANSWER)
    assert [reference.content for reference in example.references] == [CONTEXT]
    assert imported.doubtful == ()


def test_cells_hold_json_and_lists_as_python_writes_them(read: Any) -> None:
    ragas = f"user_input,reference,reference_contexts\n{QUESTION},{ANSWER},\"['{CONTEXT}']\"\n"
    promptfoo = f"question,__expected\n{QUESTION},icontains: {ANSWER}\n"
    langsmith = 'inputs,outputs\n"{""question"": ""' + QUESTION + '""}","{""answer"": ""' + ANSWER + '""}"\n'
    for number, text in enumerate((ragas, promptfoo, langsmith)):
        (example,) = read(text, f"{number}.csv").examples
        assert (example.question, example.answer) == (QUESTION, ANSWER)
        assert example.references[0].content == CONTEXT


def test_a_table_of_deepeval_joins_its_contexts_by_bars(read: Any) -> None:
    other = "The canteen opens at noon."
    text = f"input,actual_output,expected_output,context,name\n{QUESTION},,{ANSWER},{CONTEXT}|{other},1\n"
    (example,) = read(text, "goldens.csv").examples
    assert [reference.content for reference in example.references] == [CONTEXT, other]


def test_a_row_that_is_repeated_word_for_word_counts_once_and_another_answer_to_it_is_refused(read: Any) -> None:
    row = EXPORTS["deepeval"]
    imported = read(json.dumps([row, row]), "twice.json")
    assert (len(imported.examples), imported.rejected) == (1, {"repeated": 1})
    with pytest.raises(InputError, match="already on line 1"):
        read(json.dumps([row, {**row, "expected_output": "27 days"}]), "contradicting.json")


@pytest.mark.parametrize("as_text", [True, False])
def test_the_turns_of_a_scenario_are_asked_one_after_the_other(read: Any, as_text: bool) -> None:
    turns = [
        {"role": "user", "content": QUESTION, "retrieval_context": ["leave"]},
        {"role": "assistant", "content": ANSWER},
        {"role": "user", "content": "And full-time employees?"},
    ]
    row = {"scenario": "Somebody asks about leave", "turns": json.dumps(turns) if as_text else turns, "name": "1"}
    first, second = read(json.dumps([row]), "scenarios.json").examples

    assert (first.question, first.answer) == (QUESTION, ANSWER)
    assert [message.content for message in second.messages] == [QUESTION, ANSWER, "And full-time employees?"]


def test_a_scenario_of_one_turn_is_a_question_and_one_without_turns_is_refused(read: Any) -> None:
    turns = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": ANSWER}]
    (example,) = read(json.dumps([{"scenario": "Leave", "turns": turns}]), "one.json").examples
    assert (len(example.messages), example.answer) == (1, ANSWER)
    with pytest.raises(InputError, match="'Leave' has no turns of a user"):
        read(json.dumps([{"scenario": "Leave", "expected_outcome": "is told"}]), "none.json")


def test_a_question_is_found_by_the_end_of_its_column_beside_other_variables(read: Any) -> None:
    text = f"__description,language,context,customer_message,__metadata:severity\nleave,en,{CONTEXT},{QUESTION},high\n"
    (example,) = read(text, "tests.csv").examples
    assert (example.question, example.references[0].content) == (QUESTION, CONTEXT)


@pytest.mark.parametrize("name", ["expected_answer", "expected"])
def test_an_expected_answer_is_one(read: Any, name: str) -> None:
    column = "input" if name == "expected" else "question"
    (example,) = read(f'{column},{name},\n"{QUESTION}\n",{ANSWER},\n', "asked.csv").examples
    assert (example.question, example.answer, example.references[0].content) == (QUESTION, ANSWER, CONTEXT)


def test_a_text_in_a_cell_may_stand_in_quotes(read: Any) -> None:
    text = f'id,status,input,expectedOutput,metadata\nx1,ACTIVE,"""{QUESTION}""","""{ANSWER}""",\n'
    (example,) = read(text, "items.csv").examples
    assert (example.id, example.question, example.answer) == ("x1", QUESTION, ANSWER)


def test_archived_items_are_left_out_and_every_wrong_row_is_named(read: Any) -> None:
    rows = [EXPORTS["langfuse"], {**EXPORTS["langfuse"], "id": "x", "status": "ARCHIVED"}]
    assert len(read(json.dumps(rows), "items.json").examples) == 1

    wrong = [{"input": {"a": 1}, "expected_output": "x"}, EXPORTS["deepeval"], {"inputs": {}, "outputs": {}}, "text"]
    with pytest.raises(InputError, match="3 wrong rows") as caught:
        read(json.dumps(wrong), "wrong.json")
    assert all(f"line {number}:" in caught.value.message for number in (1, 3, 4))


def test_an_answer_that_no_sentence_says_is_left_for_a_person(read: Any) -> None:
    imported = read(
        json.dumps({"question": "When does the canteen close?", "answer": "at six in the evening"}), "q.jsonl"
    )
    (example,) = imported.examples
    (doubt,) = imported.doubtful

    assert example.references == ()
    assert (doubt["status"], doubt["id"]) == ("pending", example.id)
    assert "no sentence says" in doubt["comment"]


def test_yaml_that_is_none_is_refused_with_its_place(read: Any) -> None:
    with pytest.raises(InputError, match="is not YAML"):
        read("tests: [\n", "broken.yaml")
