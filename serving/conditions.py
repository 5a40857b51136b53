"""Conditions that a request puts on its passages, as far as the operator lets it."""

from collections.abc import Collection, Sequence

from fastapi import HTTPException

from tasks_lib.assistant.retrieval.where import MOST_CONDITIONS, field_of
from tasks_lib.errors import InputError


class Conditions:
    """What requests may say in their field `where`.

    :param fields: Metadata that they may name; without any, requests choose no passages.
    """

    def __init__(self, fields: Collection[str] = ()) -> None:
        self.fields = tuple(fields)

    def allowed(self, where: Sequence[str] | None) -> list[str]:
        """The conditions of a request.

        :raises HTTPException: 400 if there are too many, one cannot be read, or is about another field. To leave it
            out would answer another question.
        """
        given = list(where or ())
        if len(given) > MOST_CONDITIONS:
            raise HTTPException(400, f"where has {len(given)} conditions; at most {MOST_CONDITIONS} are read.")
        for condition in given:
            try:
                field = field_of(condition)
            except InputError as error:
                raise HTTPException(400, f"{error.message}. {error.hint}") from None
            if field not in self.fields:
                named = ", ".join(self.fields) or "none"
                raise HTTPException(400, f"where may not name the field {field!r} here; the operator allows: {named}.")
        return given
