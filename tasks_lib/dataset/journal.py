"""Replies of a language model that were paid for, kept until what they make is saved."""

import hashlib
import json
from pathlib import Path
from threading import Lock
from typing import Any, Self

from haystack import default_from_dict, default_to_dict
from haystack.components.generators.chat.types import ChatGenerator
from haystack.core.serialization import component_to_dict
from haystack.dataclasses import ChatMessage

from tasks_lib.dataset.purse import Purse, Tariff


class Journal:
    """Replies by what was asked, appended to a file as they come. Threads share it; two of them share a file.

    :param path: JSON Lines with `key` and `text`; a line that was cut is passed over.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        self._lock = Lock()
        self._known = _read(self._path)

    def __len__(self) -> int:
        """Replies that were paid for."""
        return len(self._known)

    def to_dict(self) -> dict[str, Any]:
        """Where it lies."""
        return default_to_dict(self, path=str(self._path))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Open it again."""
        return default_from_dict(cls, data)

    def get(self, key: str) -> str | None:
        """What was replied."""
        with self._lock:
            return self._known.get(key)

    def keep(self, key: str, text: str) -> None:
        """Remember a reply, in the file as well."""
        with self._lock:
            self._known[key] = text
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab", buffering=0) as file:  # one call writes a line whole, beside other writers
                file.write(f"\n{json.dumps({'key': key, 'text': text})}".encode())  # the line before may have been cut


class JournaledGenerator:
    """A chat generator that asks nothing twice, also after the process was killed. Threads may share it.

    What was in flight when a process died is asked again. A call that fails leaves nothing.

    :param model: Id of the model: another one is asked anew.
    :param purse: What its calls are paid from, by `tariff`; a stored pipeline has none.
    """

    def __init__(
        self,
        generator: ChatGenerator,
        journal: Journal,
        model: str,
        *,
        purse: Purse | None = None,
        tariff: Tariff | None = None,
    ) -> None:
        self._generator = generator
        self._journal = journal
        self._model = model
        self._purse = purse
        self._tariff = tariff
        self.calls = 0
        self.takes_output_schema = getattr(generator, "takes_output_schema", False)

    def to_dict(self) -> dict[str, Any]:
        """Serialise, with generator and journal."""
        generator = component_to_dict(self._generator, "generator")
        return default_to_dict(self, generator=generator, journal=self._journal.to_dict(), model=self._model)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the generator, with what its journal holds."""
        return default_from_dict(cls, data)

    def run(self, messages: list[ChatMessage], **parameters: Any) -> dict[str, Any]:
        """The first reply, from the journal if this was asked before.

        :param parameters: Handed on. What is asked must follow from the messages: they alone are remembered.
        :raises BudgetError: Before a call that the purse may not pay for.
        """
        key = self._key(messages)
        text = self._journal.get(key)
        if text is None:
            text = self._paid(messages, parameters)[0].text or ""
            self.calls += 1
            self._journal.keep(key, text)
        return {"replies": [ChatMessage.from_assistant(text)]}

    def _paid(self, messages: list[ChatMessage], parameters: dict[str, Any]) -> list[ChatMessage]:
        if self._purse is None or self._tariff is None:
            replies: list[ChatMessage] = self._generator.run(messages=messages, **parameters)["replies"]
            return replies
        with self._purse.paying(self._tariff.at_most(messages)) as paid:
            paid.extend(self._generator.run(messages=messages, **parameters)["replies"])
        return paid

    def _key(self, messages: list[ChatMessage]) -> str:
        asked = [self._model, *(f"{message.role.value}\x1f{message.text}" for message in messages)]
        return hashlib.sha256("\x1e".join(asked).encode()).hexdigest()


def _read(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    known = {}
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):  # U+2028 in a text ends no line
        try:
            row = json.loads(line)
            known[str(row["key"])] = str(row["text"])
        except (ValueError, KeyError, TypeError):
            continue
    return known
