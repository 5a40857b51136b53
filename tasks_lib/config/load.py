"""From files, `--set` and the environment to validated `Settings`.

Precedence, highest first: flags of the command, `--set key.path=value`, `--config` files (the rightmost wins),
environment variables (``LLMOPS_RETRIEVER__TOP_K=8``; an empty one is none), defaults.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from tasks_lib.config.files import read_yaml
from tasks_lib.config.keys import describe, nest
from tasks_lib.config.requirements import named_plugins
from tasks_lib.config.settings import Settings, is_assistant_name
from tasks_lib.errors import ConfigurationError

ENVIRONMENT_PREFIX = "LLMOPS_"
ENVIRONMENT_DELIMITER = "__"


def load_settings(
    files: Sequence[str] = (), overrides: Sequence[str] = (), flags: Mapping[str, Any] | None = None
) -> Settings:
    """Merge all layers and validate the result.

    :param files: YAML files, local paths or s3:// URIs; later ones win.
    :param overrides: `key.path=value`, the value read as YAML.
    :param flags: Dotted key → value, from the verb's own flags; `None` values are not given.
    :raises ConfigurationError: If a file cannot be read, a key is unknown, a value does not fit, a flag names another
        assistant than the configuration, or no installed package brings a plug-in that is named.
    """
    layers = [read_yaml(file) for file in files]
    layers += [_parse_override(item) for item in overrides]
    _require_one_name(layers, flags or {})
    layers += [nest(key, value) for key, value in (flags or {}).items() if value is not None]

    class Layers(Settings, BaseSettings):
        model_config = SettingsConfigDict(
            env_prefix=ENVIRONMENT_PREFIX,
            env_nested_delimiter=ENVIRONMENT_DELIMITER,
            env_ignore_empty=True,
            extra="forbid",
        )

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (named by pydantic-settings)
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (*(InitSettingsSource(settings_cls, layer) for layer in reversed(layers)), env_settings)

    try:
        merged = Layers()
    except ValidationError as error:
        raise _refused(error) from error
    except SettingsError as error:
        raise ConfigurationError(
            f"an environment variable {ENVIRONMENT_PREFIX}… cannot be read: {error}",
            hint=f"Name single keys, for example {ENVIRONMENT_PREFIX}RETRIEVER{ENVIRONMENT_DELIMITER}TOP_K=8.",
        ) from error
    settings = Settings.model_validate(merged.model_dump(exclude_unset=True))  # what was given stays known
    named_plugins(settings)
    return settings


def for_assistant(settings: Settings | None, assistant: str | None, *, registered: bool = False) -> Settings:
    """The settings of a run, for the assistant that its parameter names.

    :param registered: It exists already, so that its name may be an older one, which only `gate.model_name` takes.
    :raises ConfigurationError: If the settings name another one, or it is no name.
    """
    settings = settings or Settings()
    if assistant is None or assistant == settings.assistant:
        return settings
    if settings.names_an_assistant:
        raise ConfigurationError(
            f"the parameter assistant {assistant!r} and settings.assistant {settings.assistant!r} name two assistants",
            hint="Leave one of them out.",
        )
    given = settings.model_dump(exclude_unset=True)
    if registered and not is_assistant_name(assistant):
        return settings_of({**given, "gate": {**given.get("gate", {}), "model_name": assistant}})
    return settings_of({**given, "assistant": assistant})


def settings_of(content: Mapping[str, Any]) -> Settings:
    """Validated settings.

    :raises ConfigurationError: For an unknown key or a value that does not fit.
    """
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        raise _refused(error) from error


def _require_one_name(layers: Sequence[Mapping[str, Any]], flags: Mapping[str, Any]) -> None:
    """A flag goes before the same key elsewhere; only who is meant must not be said in two ways."""
    flag = flags.get("assistant")
    configured = next((layer["assistant"] for layer in reversed(layers) if layer.get("assistant") is not None), flag)
    if flag is not None and configured != flag:
        raise ConfigurationError(
            f"--assistant {flag!r} and assistant {configured!r} of the configuration name two assistants",
            hint="Leave one of them out.",
        )


def _parse_override(item: str) -> dict[str, Any]:
    key, separator, text = item.partition("=")
    if not separator or not key.strip():
        raise ConfigurationError(
            f"--set {item!r} is not of the form key.path=value", hint="For example: --set retriever.top_k=8"
        )
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    return nest(key.strip(), value)


def _refused(error: ValidationError) -> ConfigurationError:
    problems = [describe(problem, Settings) for problem in error.errors(include_url=False)]
    message = "; ".join(text for text, _ in problems)
    hints = dict.fromkeys(hint for _, hint in problems if hint)
    return ConfigurationError(message, hint=" ".join(hints) or "`llmops schema` prints every key with its type.")
