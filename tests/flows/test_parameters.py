"""What a flow run shows as its parameters, and whether it can be run again from them."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from prefect.client.orchestration import get_client

from flows import dataset, deploy, ingest, monitor, rollback, tune
from flows.tune import with_best
from flows.verb import flow
from tasks_lib.config.keys import nest
from tasks_lib.config.load import load_settings
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home

GIVEN: dict[str, st.SearchStrategy[Any]] = {
    "assistant": st.sampled_from(["docs", "staff"]),
    "collection": st.sampled_from(["handbook", "wiki"]),
    "retriever.top_k": st.integers(1, 20),
    "llm.temperature": st.floats(0, 1),
    "gate.thresholds": st.dictionaries(st.sampled_from(["groundedness", "tokens"]), st.floats(0, 1) | st.none()),
    "gate.approve": st.booleans(),
    "ingest.include": st.lists(st.sampled_from(["*.md", "leave/*"]), max_size=2),
    "monitor.since": st.datetimes().map(lambda moment: moment.isoformat()),
    "tune.passages": st.lists(st.integers(1, 9), min_size=1, max_size=3),
}
CONFIGURATIONS = st.dictionaries(st.sampled_from(sorted(GIVEN)), st.none()).flatmap(
    lambda keys: st.fixed_dictionaries({key: GIVEN[key] for key in keys})
)
FLOWS = {module.__name__.rpartition(".")[2]: module for module in (dataset, deploy, ingest, monitor, rollback, tune)}


def leaves(tree: Any, path: str = "") -> set[str]:
    """Dotted keys of everything that is not an object."""
    if not isinstance(tree, dict) or path in GIVEN:
        return {path}
    return {leaf for key, value in tree.items() for leaf in leaves(value, f"{path}.{key}".lstrip("."))}


@given(CONFIGURATIONS)
def test_what_is_shown_is_what_was_given_and_gives_the_same_settings(configuration: dict[str, Any]) -> None:
    settings = load_settings(flags=configuration)
    for module, verb in ((module, verb) for verb, module in FLOWS.items()):
        shown = getattr(module, verb).serialize_parameters({"settings": settings, "platform": "local"})
        assert leaves(shown["settings"]) - {""} == configuration.keys() - {
            key for key, value in configuration.items() if value is None
        }
        assert shown["platform"] == "local"
        assert Settings.model_validate(shown["settings"]) == settings


def test_a_run_that_chose_the_best_shows_its_choice() -> None:
    settings = Settings.model_validate({"collection": "wiki"})
    shown = deploy.deploy.serialize_parameters({"settings": with_best(settings, settings.rag, 7)})["settings"]
    assert (shown["collection"], shown["gate"]["trials"]) == ("wiki", 7)
    assert shown.keys() == {"collection", "gate", "chunking", "retriever", "prompt", "llm"}


@pytest.mark.flow
@hypothesis_settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 20))
def test_the_api_has_what_was_given_and_the_flow_the_whole(prefect_harness: None, home: Home, top_k: int) -> None:
    seen = []

    @flow(name="shown")
    def verb(settings: Settings | None = None) -> int:
        assert settings is not None
        seen.append(settings)
        return settings.gate.minimum_questions

    settings = Settings.model_validate(nest("retriever.top_k", top_k))
    state = verb(settings, return_state=True)
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(state.state_details.flow_run_id)
    assert run.parameters == {"settings": {"retriever": {"top_k": top_k}}}
    assert seen == [settings]
    assert verb(**run.parameters) == settings.gate.minimum_questions
    assert seen[1] == settings


def test_the_form_still_has_every_key_with_its_description() -> None:
    for verb, module in FLOWS.items():
        schema = getattr(module, verb).parameters.model_dump()
        assert schema["properties"]["settings"]["title"] == "settings"
        keys = schema["definitions"]["Settings"]["properties"]
        assert {"collection", "retriever", "gate", "ingest", "monitor"} <= keys.keys()
        assert schema["definitions"]["GateConfig"]["properties"]["margin"]["description"]
