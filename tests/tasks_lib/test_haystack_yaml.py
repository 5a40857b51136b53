"""Components and pipelines that a configuration names."""

from pathlib import Path

import pytest
from haystack import Pipeline
from haystack.components.converters.csv import CSVToDocument

from tasks_lib.config.pipelines import HaystackComponent
from tasks_lib.errors import ConfigurationError
from tasks_lib.haystack_yaml import build_component, pipeline_yaml, read_pipeline

CSV = "haystack.components.converters.csv.CSVToDocument"


def test_a_component_of_haystack_is_made_with_its_parameters() -> None:
    made = build_component(
        HaystackComponent(type=CSV, init_parameters={"encoding": "latin-1"}), (), "ingest.converters"
    )

    assert isinstance(made, CSVToDocument)
    assert made.encoding == "latin-1"


def test_a_component_may_be_named_as_it_is_imported() -> None:
    made = build_component(HaystackComponent(type="haystack.components.converters.CSVToDocument"), (), "ingest")

    assert isinstance(made, CSVToDocument)


def test_a_misspelt_class_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError) as refused:
        build_component(HaystackComponent(type="haystack.components.rankers.LLMRankr"), (), "retriever.components")

    assert "did you mean haystack.components.rankers.LLMRanker?" in (refused.value.hint or "")


def test_a_component_belongs_to_no_pipeline_and_can_be_added_to_one() -> None:
    Pipeline().add_component("csv", build_component(HaystackComponent(type=CSV), (), "ingest.converters"))


@pytest.mark.parametrize(
    ("component", "said"),
    [
        (HaystackComponent(type="subprocess.Popen"), "module is not allowed"),
        (HaystackComponent(type=CSV, init_parameters={"colour": "red"}), "unexpected keyword argument 'colour'"),
        (HaystackComponent(type="haystack.components.converters.csv.NoSuchThing"), "couldn't find"),
        (HaystackComponent(type="haystack_integrations.components.converters.absent.Absent"), "No module named"),
        (HaystackComponent(type="builtins.dict"), "couldn't find"),
    ],
)
def test_what_cannot_be_made_is_named_with_its_key(component: HaystackComponent, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        build_component(component, (), "ingest.converters")

    assert refused.value.message.startswith(f"ingest.converters names the component {component.type!r}")
    assert refused.value.hint


def test_a_module_is_allowed_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "acme_rag.py").write_text(
        "from haystack import component\n\n@component\nclass Echo:\n"
        "    @component.output_types(text=str)\n    def run(self, text: str):\n        return {'text': text}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    echo = HaystackComponent(type="acme_rag.Echo")

    with pytest.raises(ConfigurationError, match="not allowed"):
        build_component(echo, (), "ingest.converters")
    assert build_component(echo, ("acme_rag",), "ingest.converters").run(text="a") == {"text": "a"}


def test_a_pipeline_is_read_as_it_was_written(tmp_path: Path) -> None:
    pipeline = Pipeline()
    pipeline.add_component("csv", CSVToDocument())
    file = tmp_path / "pipeline.yaml"
    file.write_text(pipeline_yaml(pipeline))

    assert read_pipeline(file, (), "ingest.pipeline").to_dict() == pipeline.to_dict()


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "steps: {}"])
def test_a_file_that_holds_no_pipeline_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "pipeline.yaml"
    file.write_text(text)

    with pytest.raises(ConfigurationError, match=r"pipeline\.yaml") as refused:
        read_pipeline(file, (), "ingest.pipeline")
    assert "llmops pipeline show" in (refused.value.hint or "")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_pipeline(tmp_path / "absent.yaml", (), "ingest.pipeline")
