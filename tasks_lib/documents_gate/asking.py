"""Production's answers on one state of the index, in fresh processes."""

import contextvars
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import GateConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.documents_gate.questions import at_state
from tasks_lib.errors import VersionError
from tasks_lib.gate.asking import VersionAnswers, predict
from tasks_lib.registry.live import LiveVersion
from tasks_lib.registry.pool import VersionPool
from tasks_lib.registry.tracking import connect


def ask_states(
    platform: Platform, live: LiveVersion, states: tuple[str, str], examples: Sequence[Example], gate: GateConfig
) -> tuple[VersionAnswers, VersionAnswers]:
    """What the version says to all examples, on the one state and on the other, at once.

    The version runs its own code; only the state that it reads is another than it was registered with.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="state") as pool:
        context = contextvars.copy_context()
        first = pool.submit(context.run, ask_state, platform, live, states[0], examples, gate)
        second = ask_state(platform, live, states[1], examples, gate)
        return first.result(), second


def ask_state(
    platform: Platform, live: LiveVersion, state: str, examples: Sequence[Example], gate: GateConfig
) -> VersionAnswers:
    """What the version says to all examples on one state, or why it says nothing."""
    rag = at_state(live.rag).model_dump(mode="json", exclude_unset=True)  # an older version knows fewer keys
    try:
        with VersionPool(
            live.uri,
            concurrency=gate.concurrency,
            platform_name=platform.name,
            tracking_uri=platform.tracking_uri(),
            assistant=live.model,
            experiment_id=connect(platform, live.model).experiment_id,
            source="evaluation",
            version=str(live.version),
            index=live.rag.index_name,
            controlled=lambda: platform.open_index(live.rag.index_name).access().controlled,
            configuration={"rag": rag, "index_version": state},
        ) as process:
            return VersionAnswers(tuple(predict(process, examples, gate, f"ask on state {state}")))
    except VersionError as error:
        return VersionAnswers(problem=error.message)
