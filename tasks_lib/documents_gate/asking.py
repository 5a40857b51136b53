"""What a version says on one state of the index, or on two at once."""

import contextvars
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.rag import RagConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.documents_gate.questions import at_state
from tasks_lib.errors import VersionError
from tasks_lib.gate.asking import VersionAnswers, predict
from tasks_lib.registry.live import LiveVersion
from tasks_lib.registry.pool import VersionPool
from tasks_lib.registry.tracking import connect

Ask = Callable[[Sequence[Example]], VersionAnswers]
Answering = Callable[[RagConfig, str], AbstractContextManager[Ask]]
"""Opens an assistant that reads as this configuration says: on this state where it is `pinned`."""


def ask_states(
    answering: Answering, rag: RagConfig, states: tuple[str, str], examples: Sequence[Example]
) -> tuple[VersionAnswers, VersionAnswers]:
    """What the assistant says to all examples, on the one state and on the other, at once."""
    with ThreadPoolExecutor(1, thread_name_prefix="state") as pool:
        context = contextvars.copy_context()
        first = pool.submit(context.run, ask_state, answering, rag, states[0], examples)
        second = ask_state(answering, rag, states[1], examples)
        return first.result(), second


def ask_state(answering: Answering, rag: RagConfig, state: str, examples: Sequence[Example]) -> VersionAnswers:
    """What the assistant says to all examples on one state, or why it says nothing."""
    try:
        with answering(at_state(rag), state) as ask:
            return ask(examples)
    except VersionError as error:
        return VersionAnswers(problem=error.message)


def version_on(platform: Platform, live: LiveVersion, gate: GateConfig) -> Answering:
    """A version in fresh processes: it runs its own code, only what it reads is other than it was registered with."""

    @contextmanager
    def opened(rag: RagConfig, state: str) -> Iterator[Ask]:
        plain = rag.model_dump(mode="json", exclude_unset=True)  # an older version knows fewer keys
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
            configuration={"rag": plain, "index_version": state},
        ) as process:
            yield lambda examples: VersionAnswers(
                tuple(predict(process, examples, gate, f"ask {len(examples)} questions on state {state}"))
            )

    return opened
