"""A run of a verb that decides nothing and failed: an entry of the history, as those of `deploy` are by themselves."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from tasks_lib.registry.attempts import ERROR_TAG, FLOW_RUN_TAG, current_flow_run
from tasks_lib.registry.history import FAILING

LONGEST = 1000
"""Characters of what is said."""


def record_failure(verb: str, parameters: Mapping[str, Any], said: str) -> None:
    """Leave a failed MLflow run of the assistant, and tell it on its page; of an assistant that is known already.

    Nothing of it may hide the failure itself: what cannot be recorded is not.

    :param parameters: Those of the flow run.
    """
    if verb not in FAILING:
        return
    with suppress(Exception):
        _record(verb, parameters, said)


def _record(verb: str, parameters: Mapping[str, Any], said: str) -> None:
    from blocks.resolve import resolve_platform
    from flows.origin import origin
    from flows.production_page import show_production
    from tasks_lib.config.load import for_assistant
    from tasks_lib.registry.tracking import RUN_NAME_TAG, STARTED_BY_TAG, VERB_TAG, connect

    settings = for_assistant(parameters.get("settings"), parameters.get("assistant"))
    client = connect(resolve_platform(parameters.get("platform") or "local"), settings.assistant)
    experiment, flow_run = client.known_experiment_id, current_flow_run() or ""
    own = f"tags.`{FLOW_RUN_TAG}` = '{flow_run}' AND attributes.status = 'FAILED'"
    if experiment is None or (flow_run and client.search_runs([experiment], own, max_results=1)):
        return
    tags = {VERB_TAG: verb, FLOW_RUN_TAG: flow_run, STARTED_BY_TAG: origin().by, ERROR_TAG: said[:LONGEST]}
    run = client.create_run(experiment, tags={**tags, RUN_NAME_TAG: f"{client.assistant}: {verb} failed"})
    client.set_terminated(run.info.run_id, "FAILED")
    show_production(client, settings.gate.aliases["production"])
