"""Configuration files: YAML mappings on disk or in S3."""

from pathlib import Path
from typing import Any

import yaml

from tasks_lib.errors import ConfigurationError


def read_yaml(location: str) -> dict[str, Any]:
    """The mapping in a YAML file; an empty file is an empty mapping.

    :param location: A path or an s3:// URI.
    :raises ConfigurationError: If it cannot be read, is not YAML or is not a mapping.
    """
    try:
        data = yaml.safe_load(_read_text(location))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise ConfigurationError(f"{location!r}{where}: {problem}", hint="Mend the YAML syntax there.") from error
    if data is None:
        return {}
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise ConfigurationError(
            f"{location!r} holds {type(data).__name__} where a mapping of keys is needed",
            hint="Write `key: value` lines; `llmops schema` prints the keys.",
        )
    return data


def _read_text(location: str) -> str:
    try:
        if location.startswith("s3://"):
            import s3fs

            return str(s3fs.S3FileSystem().read_text(location, encoding="utf-8"))
        return Path(location).expanduser().read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{location!r} is not UTF-8 text", hint="Save the file as UTF-8.") from error
    except Exception as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ConfigurationError(
            f"the configuration file {location!r} cannot be read: {reason}", hint="Check the path and the permissions."
        ) from error
