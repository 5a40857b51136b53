"""The task that makes questions: what is paid for, who judges, and what a second run asks."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from haystack.components.generators.chat.mock import MockChatGenerator
from haystack.dataclasses import ChatMessage

from blocks.local import LocalPlatform
from tasks_lib.config.rag import LlmConfig
from tasks_lib.config.settings import DatasetConfig, Settings
from tasks_lib.dataset.tasks import make_questions, save_dataset

SETTINGS = Settings(
    llm=LlmConfig(model="test/model"),
    dataset=DatasetConfig(name="made", size=3, unanswerable_share=0.34, off_topic_share=0, concurrency=1),
)
PLANTED = "town library"


@dataclass(frozen=True)
class Asking(LocalPlatform):
    """The local platform on a small index, with a model, maybe a judge, and a record of what each was asked."""

    library: Any = None
    judging: bool = False
    fails_after: int = 1_000
    asked: list[tuple[str, str]] = field(default_factory=list)

    def index(self, rag: Any, *, version: str | None = None) -> Any:
        return self.library.index

    def embedder(self, model: str) -> Any:
        return self.library.embedder

    def chat_generator(self, llm: LlmConfig) -> Any:
        return MockChatGenerator(response_fn=self._replying("model"))

    def judge(self) -> Any:
        return MockChatGenerator(response_fn=self._replying("judge")) if self.judging else None

    def _replying(self, who: str) -> Callable[[list[ChatMessage]], str]:
        def reply(messages: list[ChatMessage]) -> str:
            prompt = f"{messages[0].text}\n{messages[-1].text}"
            if len(self.asked) >= self.fails_after:
                raise KeyboardInterrupt
            self.asked.append((who, prompt))
            return json.dumps(_said(prompt))

        return reply


def _said(prompt: str) -> dict[str, Any]:
    if "Judge a question" in prompt:
        return {"groundedness": 1 if PLANTED in prompt else 5, "relevance": 5, "standalone": 5}
    if "Do the passages" in prompt:
        return {"answered": PLANTED in prompt}
    if "but is not" in prompt:
        return {"question": "How many days of leave do pensioners receive?"}
    number = "ten" if "ten days" in prompt else "12"
    who = "interns" if number == "ten" else "managers"
    evidence = f"{who.title()} receive {number} days of annual leave."
    return {
        "evidence": evidence,
        "answer": f"{number} days",
        "question": f"How many days of annual leave do {who} receive?",
    }


@pytest.fixture
def platform(tracked: LocalPlatform, library: Any) -> Callable[..., Asking]:
    library.put("a.md", "# Interns\n\nInterns receive ten days of annual leave.\n")
    library.put("b.md", "# Managers\n\nManagers receive 12 days of annual leave.\n")
    return lambda **fields: Asking(home=tracked.home, library=library, **fields)


def test_an_unchanged_index_is_not_asked_about_again(platform: Callable[..., Asking]) -> None:
    first = platform()
    made = make_questions.fn(first, SETTINGS)
    saved = save_dataset.fn(first, SETTINGS, made)
    assert (saved.examples, saved.by_kind, saved.origin) == (3, {"answerable": 2, "unanswerable": 1}, "test/model")

    second = platform()
    again = make_questions.fn(second, SETTINGS)
    assert (second.asked, save_dataset.fn(second, SETTINGS, again).unchanged) == ([], True)


def test_a_run_that_died_goes_on_where_it_was_and_pays_for_nothing_twice(platform: Callable[..., Asking]) -> None:
    settings = SETTINGS.model_copy(update={"dataset": SETTINGS.dataset.model_copy(update={"name": "killed"})})
    died = platform(fails_after=5)
    with pytest.raises(KeyboardInterrupt):
        make_questions.fn(died, settings)
    resumed = platform()
    made = make_questions.fn(resumed, settings)
    assert len(made.examples) == 3
    assert len(died.asked) == 5
    assert set(died.asked).isdisjoint(resumed.asked)
    save_dataset.fn(resumed, settings, made)
    assert not list(resumed.home.unfinished.glob("killed*"))


def test_the_judge_of_the_platform_is_the_critic(platform: Callable[..., Asking]) -> None:
    settings = SETTINGS.model_copy(update={"dataset": SETTINGS.dataset.model_copy(update={"name": "judged"})})
    judged = platform(judging=True)
    make_questions.fn(judged, settings)
    by_whom = {who: [prompt for name, prompt in judged.asked if name == who] for who in ("model", "judge")}
    assert by_whom["judge"]
    assert all("Judge a question" in prompt or "Do the passages" in prompt for prompt in by_whom["judge"])
    assert not any("Judge a question" in prompt or "Do the passages" in prompt for prompt in by_whom["model"])
