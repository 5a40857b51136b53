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
