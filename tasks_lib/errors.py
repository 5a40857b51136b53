"""Every error a user can meet: what was wrong, with the value, and the way out.

The command turns them into one message and their exit code; nothing else in the project prints errors.
"""


class LlmopsError(Exception):
    """Base of all named errors.

    :param message: What was wrong, with the offending value.
    :param hint: What to do about it, as an imperative sentence.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the hint when the error crosses a process (Dask, Prefect)."""
        return _rebuild, (type(self), self.message, self.hint)

    def as_dict(self) -> dict[str, str]:
        """The error as the command prints it with ``--json``."""
        return {"type": type(self).__name__, "message": self.message, "hint": self.hint}


def _rebuild(cls: type[LlmopsError], message: str, hint: str) -> LlmopsError:
    return cls(message, hint=hint)


class InputError(LlmopsError):
    """The input is not usable: a missing folder, an oversized question, a malformed file."""

    exit_code = 2


class ConfigurationError(InputError):
    """A key, value, platform or slug of the configuration is wrong or missing."""


class PluginError(ConfigurationError):
    """A package that brings a metric, a validator or another plug-in is broken, missing or in conflict."""


class NotDeployedError(InputError):
    """The verb needs a production version and there is none."""


class UnknownAssistantError(NotDeployedError):
    """Nothing was ever recorded for an assistant of this name."""


class HomeError(LlmopsError):
    """The embedded state below ``LLMOPS_HOME`` cannot be read."""


class StorageError(LlmopsError):
    """The disk is full or read-only, a file may not be read or written, or another process holds it."""


class KeysAwayError(LlmopsError):
    """The place where API keys are kept cannot be reached, or does not let us in."""


class BudgetError(InputError):
    """What is asked for would cost more than it may, or nobody knows what it costs; nothing was begun."""


class IndexUnavailableError(LlmopsError):
    """An index is locked by another writer, unreachable or damaged."""


class AccessNotHeldError(IndexUnavailableError):
    """An index cannot keep documents from anybody, and some are not for everybody; nothing was written."""

    exit_code = 2


class VersionError(LlmopsError):
    """A model version does not load, or its process died."""


class ProviderError(LlmopsError):
    """A provider of language models or embedders did not answer: unreachable, overloaded or out of time."""


class ModelUnavailableError(ProviderError):
    """A model that a run needs did not answer when it was called once, before anything was registered or changed."""

    exit_code = 2
