"""``PlatformBlock``: the base class of this project's Prefect blocks."""

import inspect
from abc import ABC
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit

from prefect.blocks.core import Block
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PrivateAttr,
    Secret,
    SecretStr,
    field_validator,
    model_validator,
)

from tasks_lib.quiet import OF_FILES

SESSION_TOKEN = "aws_session_token"  # noqa: S105  (the name of a field)


def _plain_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.password or parts.username:
        # the value is not repeated: it holds a secret
        msg = "the address carries credentials; give them in the fields for secrets"
        raise ValueError(msg)
    return url.rstrip("/") if parts.scheme in {"http", "https"} else url


Address = Annotated[str, AfterValidator(_plain_address)]
"""A URL without credentials in it: addresses are logged."""


class PlatformBlock(Block, ABC):
    """A Prefect block of this project. Other blocks refer to it by its slug.

    Bases name `ABC` themselves: a Prefect server offers forms for all others.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    _origin: str = PrivateAttr(default="")

    @model_validator(mode="before")
    @classmethod
    def _empty_is_not_given(cls, given: Any) -> Any:
        return _without_empty_texts(cls, given)

    @field_validator("*", mode="after")
    @classmethod
    def _key_without_line_ends(cls, value: Any) -> Any:
        return SecretStr(value.get_secret_value().strip(OF_FILES)) if isinstance(value, SecretStr) else value

    @classmethod
    def model_json_schema(cls, *arguments: Any, **options: Any) -> dict[str, Any]:
        """The schema that Prefect keeps and shows as a form."""
        return _as_form(cls, super().model_json_schema(*arguments, **options))

    @property
    def slug(self) -> str:
        """`block-type/document-name` of a saved block, else where it comes from, such as `environment/openai`."""
        if self._block_document_name:
            return f"{_type_slug(type(self))}/{self._block_document_name}"
        return self._origin or f"{_type_slug(type(self))}/unsaved"

    def secrets(self) -> tuple[str, ...]:
        """Every secret value in the block and in the blocks inside it: no error may show one."""
        return tuple(secrets_in(self))

    def set_origin(self, origin: str) -> None:
        """Set the slug of a block that is not saved, such as `environment/openai`."""
        self._origin = origin


def _as_form(block: type[BaseModel], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of `block` with its own fields before inherited ones, and with one input for an optional field.

    Pydantic lists inherited fields first, and the UI would show two tabs, `string` and `null`, for an optional text.
    """
    properties: dict[str, Any] = schema.get("properties", {})
    names = dict.fromkeys(name for kind in block.__mro__ for name in inspect.get_annotations(kind))
    shown = [name for name in names if name in properties]
    ordered = {name: _one_input(properties[name]) | {"position": position} for position, name in enumerate(shown)}
    return schema | {"properties": ordered}


def _without_empty_texts(block: type[BaseModel], given: Any) -> Any:
    """What a form sends, without the optional fields that were left empty: the UI sends them as empty texts."""
    if not isinstance(given, dict):
        return given
    optional = {name for name, field in block.model_fields.items() if field.default is None}
    return {name: value for name, value in given.items() if not (value == "" and name in optional)}


def _one_input(shown: dict[str, Any]) -> dict[str, Any]:
    choices: list[dict[str, Any]] = [choice for choice in shown.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1:
        return shown
    rest = {name: value for name, value in shown.items() if name not in {"anyOf", "default"}}
    return choices[0] | rest


@cache
def _type_slug(block_class: type[Block]) -> str:
    """Prefect makes it anew each time, which every call of a model would wait for."""
    return block_class.get_block_type_slug()


def secrets_in(value: Any) -> Iterator[str]:
    """Values of secret fields, of foreign blocks too; prefect-aws keeps the session token in an ordinary field."""
    if isinstance(value, SecretStr | Secret):
        yield from _texts_in(value.get_secret_value())
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            field = getattr(value, name)
            yield from _texts_in(field) if name == SESSION_TOKEN else secrets_in(field)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts_in(item)
    elif value:
        yield str(value)


def link(url: str) -> Any:
    """A URL for the form of a block: Prefect declares them as parsed URLs, and takes text."""
    return url


def revealed(secret: SecretStr | None) -> str | None:
    """The value of a secret field; empty is none."""
    return (secret.get_secret_value() or None) if secret else None
