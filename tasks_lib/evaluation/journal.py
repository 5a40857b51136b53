"""Replies of a language model that were paid for, kept until what they make is saved."""

import hashlib
import json
from pathlib import Path
from threading import Lock
from typing import Any

from haystack.components.generators.chat.types import ChatGenerator
from haystack.dataclasses import ChatMessage


class JournaledGenerator:
    """A chat generator that asks nothing twice, also after the process was killed. Threads may share it.

    Every reply is appended to the file as it comes; what was in flight when a process died is asked again. A call that
    fails leaves nothing.

    :param path: JSON Lines with `key` and `text`; a line that was cut is passed over.
    :param model: Id of the model: another one is asked anew.
    """

    def __init__(self, generator: ChatGenerator, path: Path, model: str) -> None:
        self._generator = generator
        self._path = path
        self._model = model
        self._lock = Lock()
        self._known = _read(path)
        self.calls = 0

    def run(self, messages: list[ChatMessage]) -> dict[str, Any]:
        """The first reply, from the file if this was asked before."""
        key = self._key(messages)
        with self._lock:
            text = self._known.get(key)
        if text is None:
            text = self._generator.run(messages=messages)["replies"][0].text or ""
            self._keep(key, text)
        return {"replies": [ChatMessage.from_assistant(text)]}

    def _key(self, messages: list[ChatMessage]) -> str:
        asked = [self._model, *(f"{message.role.value}\x1f{message.text}" for message in messages)]
        return hashlib.sha256("\x1e".join(asked).encode()).hexdigest()

    def _keep(self, key: str, text: str) -> None:
        with self._lock:
            self.calls += 1
            self._known[key] = text
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write("\n" + json.dumps({"key": key, "text": text}))  # the line before may have been cut


def _read(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    known = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
            known[str(row["key"])] = str(row["text"])
        except (ValueError, KeyError, TypeError):
            continue
    return known
