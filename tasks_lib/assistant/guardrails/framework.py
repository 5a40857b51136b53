"""Guardrails AI, imported offline and without telemetry, by its own settings and nltk's.

Its import takes 2.5 s of processor time, 1.6 of them for nltk. So only what needs the framework imports this module:
our public validators, and Guardrails validators that a configuration names.
"""

from dataclasses import replace

from tasks_lib.quiet import keep_nltk_offline

keep_nltk_offline()

from guardrails import Guard, OnFailAction, Validator, register_validator  # noqa: E402 - after nltk's folder is set
from guardrails.settings import settings  # noqa: E402
from guardrails.validator_base import validators_registry  # noqa: E402
from guardrails_ai.types import ErrorSpan, FailResult, PassResult, ValidationResult  # noqa: E402

__all__ = [
    "ErrorSpan",
    "FailResult",
    "Guard",
    "OnFailAction",
    "PassResult",
    "ValidationResult",
    "Validator",
    "keep_local",
    "register_validator",
    "validators_registry",
]


def keep_local() -> None:
    """Neither metrics nor hosted models, whatever `~/.guardrailsrc` says: for validators that are made from now on."""
    settings.rc = replace(settings.rc, enable_metrics=False, use_remote_inferencing=False)


keep_local()
