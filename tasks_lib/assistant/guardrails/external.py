"""Validators of other packages: what they find is theirs, what is done about it is the configuration's."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from tasks_lib.assistant.guardrails.detection import CheckContext, Detection, Finding
from tasks_lib.assistant.guardrails.results import Verdict
from tasks_lib.config.rag import GuardrailsConfig, OwnValidatorConfig
from tasks_lib.plugins import Plugin, plugin


class Finder(Protocol):
    """What an entry point of `llmops_flows.validators` makes of its options. Threads share it."""

    def find(self, text: str, context: CheckContext) -> Iterable[Finding]:
        """Everything in `text` that the configured action is for."""
        ...


class OwnDetector:
    """A finder of another package, as a detector of ours."""

    def __init__(self, brought: Plugin, finder: Finder, action: Verdict) -> None:
        self.name = brought.name
        self._brought = brought
        self._finder = finder
        self._action = action

    def detect(self, text: str, context: CheckContext) -> list[Detection]:
        """What the finder finds, with the configured action.

        :raises PluginError: If the finder raises; without its message, which may hold the text.
        """
        try:
            found = list(self._finder.find(text, context))
            return [Detection(one.kind, one.start, one.end, one.score, self._action) for one in found]
        except Exception as error:
            raise self._brought.failed(f"failed with {type(error).__name__}") from error


class OwnValidator:
    """One validator of another package, made once for all directions."""

    def __init__(self, name: str, config: OwnValidatorConfig) -> None:
        self.config = config
        self._brought = plugin("validators", name, "guardrails.validators")
        if name in GuardrailsConfig.model_fields:
            raise self._brought.failed("bears the name of a part of `guardrails`")
        self._finder: Finder = self._brought.make(config.options)
        if not callable(getattr(self._finder, "find", None)):
            raise self._brought.failed("has no method `find`")

    def detector(self, action: Verdict | None) -> list[tuple[OwnDetector, OwnValidatorConfig]]:
        """The detector with its configuration; none where there is no action."""
        return [(OwnDetector(self._brought, self._finder, action), self.config)] if action else []


def own_validators(config: GuardrailsConfig) -> Iterator[OwnValidator]:
    """The validators of other packages that are enabled.

    :raises PluginError: If one cannot be imported or made.
    :raises ConfigurationError: If no installed package brings it.
    """
    for name, own in config.validators.items():
        if own.enabled:
            yield OwnValidator(name, own)
