"""Models whose loading runs outside of Python, loaded while Python imports what else a version needs."""

from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from tasks_lib.assistant.embedders.local import local_embedder
from tasks_lib.text.languages import language_of

SENTENCE = "The quick brown fox jumps over the lazy dog."
"""Long enough to be classified, and short enough to be embedded in no time."""


def load_ahead(embedder: str) -> list[Thread]:
    """Begin to load the classifier of languages and the embedder, if it is a local one, each in a thread.

    Whoever uses them meanwhile waits for them; what keeps them from being loaded is told to whoever uses them.

    :param embedder: Its id.
    """
    return [_started(lambda: language_of(SENTENCE)), _started(lambda: _embed(embedder))]


def _started(load: Callable[[], object]) -> Thread:
    def run() -> None:
        with suppress(Exception):
            load()

    thread = Thread(target=run, name="loading ahead", daemon=True)
    thread.start()
    return thread


def _embed(model: str) -> None:
    if embedder := local_embedder(model):
        embedder.embed([SENTENCE])
