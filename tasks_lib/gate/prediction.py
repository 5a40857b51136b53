"""The prediction of a version for one question of the evaluation set."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tasks_lib.assistant.contract.index import Index
from tasks_lib.config.gate import GateConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.registry.process import AnswerTimeoutError

if TYPE_CHECKING:
    from tasks_lib.registry.pool import VersionPool
    from tasks_lib.registry.process import VersionProcess, VersionReply


@dataclass(frozen=True)
class Prediction:
    """The reply of a version to one question. Either `answer`, which keeps the schema, or `error`."""

    example: Example
    answer: dict[str, Any] | None
    error: str | None
    trace_id: str | None
    seconds: float
    """Wall-clock time, as whoever asked measured it."""

    @property
    def payload(self) -> dict[str, Any]:
        """The fields of an answer, or `error`, with `latency_seconds`."""
        payload = self.answer if self.answer is not None else {"error": self.error}
        return {**payload, "latency_seconds": self.seconds}

    def __deepcopy__(self, memo: Mapping[int, Any]) -> "Prediction":
        """Itself: a pipeline copies what it is given, and nobody changes this."""
        return self


def with_known_sources(predictions: Sequence[Prediction], index: Index) -> list[Prediction]:
    """Predictions whose references name no source that `index` does not hold any more.

    A source that was renamed still has the documents; a reference without a source is found by its path alone.
    """
    known = {"", *(index.info().sources if index.exists() else ())}

    def found(example: Example) -> Example:
        references = (
            reference if reference.source in known else reference.model_copy(update={"source": ""})
            for reference in example.references
        )
        return example.model_copy(update={"references": tuple(references)})

    return [replace(prediction, example=found(prediction.example)) for prediction in predictions]


def repeated(examples: Sequence[Example], gate: GateConfig) -> list[Example]:
    """Each example as often as it is asked."""
    return [example for example in examples for _ in range(gate.repeats)]


def messages_of(example: Example) -> list[dict[str, str]]:
    """The turns of an example as a request."""
    return [message.model_dump() for message in example.messages]


def asked(
    process: "VersionProcess | VersionPool",
    messages: Sequence[Mapping[str, str]],
    gate: GateConfig,
    groups: Collection[str] = (),
) -> "VersionReply":
    """The reply of a version, which has `gate.question_timeout_seconds` for it.

    :raises VersionError: If the process died; or gave no answer in time, with the key of the time.
    """
    try:
        return process.ask(messages, gate.question_timeout_seconds, groups=groups)
    except AnswerTimeoutError as error:
        raise AnswerTimeoutError(f"{error.message} (gate.question_timeout_seconds)") from None
