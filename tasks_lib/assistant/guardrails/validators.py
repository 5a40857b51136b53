"""Our validators, for any Guard of Guardrails AI's.

    from guardrails import Guard
    from tasks_lib.assistant.guardrails.validators import PersonalData

    guard = Guard().use(PersonalData(entities=["EMAIL_ADDRESS"], on_fail="fix"))
    guard.validate("Write to ann@example.org").validated_output  # "Write to <EMAIL_ADDRESS>"

Options beside the named ones are the keys of the validator's section in `guardrails`, such as `time_limit`. A failure
has `error_spans`, whose reason is the kind that was found, and a `fix_value` in which the spans are masked; neither it
nor a log holds the text that was hit. A validator that raises or exceeds its time fails on the whole text, and with
`noop` raises, unless `on_failure="allow-and-log"` is given. What a validator needs beside the text is `metadata`:

    messages: earlier turns of the conversation, as `{"role", "content"}` (injection, topics)
    sources: passages of the answer, as texts or `Source` (grounding, required)
    question: the question that was answered (grounding)
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tasks_lib.assistant.contract.answer import Message, Source
from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.guardrails.check import FAILED, TIMED_OUT, Check
from tasks_lib.assistant.guardrails.detection import CheckContext, Detector, conversation_text
from tasks_lib.assistant.guardrails.framework import (
    ErrorSpan,
    FailResult,
    Guard,
    OnFailAction,
    PassResult,
    ValidationResult,
    Validator,
    keep_local,
    register_validator,
)
from tasks_lib.assistant.guardrails.grounding import GroundingDetector
from tasks_lib.assistant.guardrails.guardrails import Guardrails
from tasks_lib.assistant.guardrails.injection import InjectionDetector, InjectionScorer, PassageInjectionDetector
from tasks_lib.assistant.guardrails.length import KIND as TOO_LONG
from tasks_lib.assistant.guardrails.length import LengthDetector
from tasks_lib.assistant.guardrails.outcome import masked
from tasks_lib.assistant.guardrails.output_schema import OutputSchemaDetector
from tasks_lib.assistant.guardrails.personal_data.finder import personal_data_finder
from tasks_lib.assistant.guardrails.results import Direction, Hit, Verdict
from tasks_lib.assistant.guardrails.secrets import SecretsDetector
from tasks_lib.assistant.guardrails.topics import TopicsDetector
from tasks_lib.config.guardrails import (
    GroundingConfig,
    InjectionConfig,
    LengthConfig,
    OutputSchemaConfig,
    PersonalDataConfig,
    SecretsConfig,
    TopicsConfig,
    ValidatorConfig,
)

if TYPE_CHECKING:
    from haystack.components.generators.chat.types import ChatGenerator

OnFail = str | Callable[[Any, Any], Any] | None
"""`fix`, `exception`, `refrain`, `noop` and Guardrails' other actions, or a function of the value and the failure."""

ON_FAIL: dict[Verdict, Any] = {
    "mask": OnFailAction.FIX,
    "refuse": OnFailAction.EXCEPTION,
    "drop": OnFailAction.REFRAIN,
    "allow-and-log": OnFailAction.NOOP,
}
"""Actions of our configuration in Guardrails' words."""


class CheckValidator(Validator):  # type: ignore[misc]  # the framework is untyped
    """A check as a Guardrails validator."""

    direction: Direction = "output"

    def __init__(self, check: Check, on_fail: OnFail, **options: Any) -> None:
        super().__init__(on_fail=on_fail, **options)
        self._check = check

    def _validate(self, value: Any, metadata: dict[str, Any]) -> ValidationResult:
        text = str(value)
        context = _context(text, metadata, self.direction)
        whole = text
        if isinstance(self._check.detector, InjectionDetector | TopicsDetector):
            context.messages = [message for message in context.messages if message.role == "user"]
            whole = conversation_text(context.messages)
        offset = len(whole) - len(text)
        hits = [
            hit.model_copy(update={"start": max(0, hit.start - offset), "end": hit.end - offset})
            for hit in self._check.hits(whole, context)
            if hit.end > offset
        ]
        if not hits:
            return PassResult()
        kinds = ", ".join(sorted({hit.kind for hit in hits}))
        failed = any(hit.kind in {FAILED, TIMED_OUT} and hit.action == "refuse" for hit in hits)
        if failed and self.on_fail_descriptor == OnFailAction.NOOP:
            msg = f"{self._check.name}: {kinds}"
            raise RuntimeError(msg)
        return FailResult(
            error_message=f"{self._check.name} found {kinds}",
            error_spans=[ErrorSpan(start=hit.start, end=hit.end, reason=hit.kind) for hit in hits],
            fix_value=self._fixed(text, hits),
        )

    def _fixed(self, text: str, hits: list[Hit]) -> str | None:
        return masked(text, hits)


class _DetectorValidator(CheckValidator):
    def __init__(self, detector: Detector, config: ValidatorConfig, on_fail: OnFail, options: dict[str, Any]) -> None:
        super().__init__(Check(self.rail_alias, detector, config, "mask"), on_fail, **options)


@register_validator(name="llmops/personal-data", data_type="string")
class PersonalData(_DetectorValidator):
    """Personal data.

    :param entities: Entity names, such as EMAIL_ADDRESS; numbers and addresses of machines by default.
    :param options: Keys of `guardrails.personal_data`, such as `score_threshold` and `allow`.
    """

    def __init__(self, entities: Sequence[str] | None = None, on_fail: OnFail = None, **options: Any) -> None:
        if entities is not None:
            options["entities"] = list(entities)
        config = PersonalDataConfig.model_validate(options)
        super().__init__(personal_data_finder(config), config, on_fail, options)


@register_validator(name="llmops/secrets", data_type="string")
class Secrets(_DetectorValidator):
    """Keys, tokens and passwords.

    :param options: Keys of `guardrails.secrets`.
    """

    def __init__(self, on_fail: OnFail = None, **options: Any) -> None:
        config = SecretsConfig.model_validate(options)
        super().__init__(SecretsDetector(config), config, on_fail, options)


@register_validator(name="llmops/injection", data_type="string")
class Injection(_DetectorValidator):
    """Attempts to change the assistant's instructions, in a question or, with `passages`, in a passage or document.

    :param embedder: all-MiniLM-L6-v2 by default, which the classifier was trained with.
    :param options: Keys of `guardrails.injection`, such as `threshold`.
    """

    def __init__(
        self, *, passages: bool = False, embedder: Embedder | None = None, on_fail: OnFail = None, **options: Any
    ) -> None:
        config = InjectionConfig.model_validate(options)
        scorer = InjectionScorer(config, embedder or _minilm())
        detector = PassageInjectionDetector(scorer, config) if passages else InjectionDetector(scorer, config)
        super().__init__(detector, config, on_fail, {**options, "passages": passages})


@register_validator(name="llmops/topics", data_type="string")
class Topics(_DetectorValidator):
    """Questions about topics that are not answered.

    :param forbidden: Topic → its description and example questions; likewise `allowed`.
    :param embedder: all-MiniLM-L6-v2 by default, which the thresholds are calibrated for.
    :param chat_generator: With `confirm=True`, is asked before a question fails.
    :param options: Keys of `guardrails.topics`, such as `threshold`.
    """

    def __init__(
        self,
        forbidden: Mapping[str, Sequence[str]] | None = None,
        allowed: Mapping[str, Sequence[str]] | None = None,
        *,
        embedder: Embedder | None = None,
        chat_generator: "ChatGenerator | None" = None,
        on_fail: OnFail = None,
        **options: Any,
    ) -> None:
        options |= {"forbidden": forbidden or {}, "allowed": allowed or {}}
        config = TopicsConfig.model_validate(options)
        super().__init__(TopicsDetector(config, embedder or _minilm(), chat_generator), config, on_fail, options)


@register_validator(name="llmops/grounding", data_type="string")
class Grounding(_DetectorValidator):
    """Sentences of an answer that its passages, `metadata["sources"]`, do not support.

    :param embedder: all-MiniLM-L6-v2 by default, which the threshold is calibrated for.
    :param options: Keys of `guardrails.grounding`, such as `threshold` and `numbers`.
    """

    required_metadata_keys = ["sources"]  # noqa: RUF012 - as the framework declares it

    def __init__(self, *, embedder: Embedder | None = None, on_fail: OnFail = None, **options: Any) -> None:
        config = GroundingConfig.model_validate(options)
        super().__init__(GroundingDetector(config, embedder or _minilm()), config, on_fail, options)


@register_validator(name="llmops/length", data_type="string")
class Length(_DetectorValidator):
    """Texts of more than `characters`; the fix cuts them."""

    def __init__(self, characters: int = 20_000, on_fail: OnFail = None, **options: Any) -> None:
        config = LengthConfig.model_validate({"output_characters": characters, **options})
        super().__init__(LengthDetector(config), config, on_fail, {"characters": characters, **options})

    def _fixed(self, text: str, hits: list[Hit]) -> str:
        return text[: hits[0].start] if hits[0].kind == TOO_LONG else masked(text, hits)


@register_validator(name="llmops/output-schema", data_type="string")
class OutputSchema(_DetectorValidator):
    """Answers that are no JSON of the given JSON Schema. There is no fix."""

    def __init__(self, json_schema: dict[str, Any], on_fail: OnFail = None, **options: Any) -> None:
        options["json_schema"] = json_schema
        config = OutputSchemaConfig.model_validate(options)
        super().__init__(OutputSchemaDetector(json_schema), config, on_fail, options)

    def _fixed(self, text: str, hits: list[Hit]) -> None:  # noqa: ARG002 - as the others
        return None


@register_validator(name="llmops/configured", data_type="string")
class _Configured(CheckValidator):
    """A check of a configuration; see `guard_of`."""

    def __init__(self, check: Check, direction: Direction) -> None:
        super().__init__(check, ON_FAIL[check.action], name=check.name)
        self.direction = direction


def guard_of(guardrails: Guardrails, direction: Direction) -> Guard:
    """The checks of a configuration as a Guard: for LangChain, for Guardrails' server, for any code that has one.

    Actions are Guardrails' own (`ON_FAIL`). So what one validator masks the next does not see; the assistant instead
    shows every validator the text as it is, and answers with the strictest action.
    """
    checks = guardrails.input_checks if direction == "input" else guardrails.output_checks
    guard = Guard(name=f"llmops-{direction}", history_max_length=1)
    guard.configure(allow_metrics_collection=False)
    keep_local()
    return guard.use(*(_Configured(check, direction) for check in checks))


def _context(text: str, metadata: dict[str, Any], direction: Direction) -> CheckContext:
    messages = [Message.model_validate(message) for message in metadata.get("messages") or []]
    if not messages or messages[-1].content != text:
        messages.append(Message(role="user", content=text))
    sources = metadata.get("sources")
    return CheckContext(
        direction,
        float("inf"),
        messages=messages,
        sources=None if sources is None else [_source(source) for source in sources],
        question=metadata.get("question") or "",
    )


def _source(source: str | Source) -> Source:
    if isinstance(source, Source):
        return source
    return Source(document="", start=0, end=len(source), score=1.0, content=source)


@lru_cache(maxsize=1)
def _minilm() -> MiniLM:
    return MiniLM()
