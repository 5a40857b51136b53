"""Fail closed: a validator that raises, hangs or is overloaded counts as a hit, on input, output and passages alike."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.guardrails.check import Check
from tasks_lib.assistant.guardrails.detection import CheckContext, Detector, Finding
from tasks_lib.assistant.guardrails.guardrails import Guardrails
from tasks_lib.assistant.guardrails.personal_data.finder import personal_data_finder
from tasks_lib.assistant.guardrails.time_limit import TimeLimit
from tasks_lib.config.guardrails import GuardrailsConfig, PersonalDataConfig, TopicsConfig, ValidatorConfig
from tests.tasks_lib.assistant.guardrails.conftest import ask, passage, streamed

SECRET = "swordfish"


class Crashing:
    """Raises with the text in the message, as careless validators do."""

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        raise ValueError(text)


class Hanging:
    """Waits until it is told to go."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        self.released.wait(30)
        return []


class Unreadable:
    """Gives findings of a wrong shape."""

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        return [Finding("MARK", "somewhere", None)]  # type: ignore[arg-type]


class Slow:
    """Ends by itself, though late."""

    ends_by_itself = True

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        time.sleep(0.05)
        return []


def guarded(detector: Detector, embedder: MiniLM, config: ValidatorConfig) -> Guardrails:
    checks = [Check("topics", detector, config, "refuse")]
    return Guardrails(GuardrailsConfig(time_limit=2.0), embedder, on_input=checks, on_output=checks, on_passages=checks)


Way = Callable[[Guardrails], tuple[str, str]]
"""Checks the secret; gives the action, and what is said instead."""


def _input(guardrails: Guardrails) -> tuple[str, str]:
    result = guardrails.check_input(ask(SECRET))
    return result.action, result.message


def _output(guardrails: Guardrails) -> tuple[str, str]:
    result = guardrails.check_output(SECRET)
    return result.action, result.message


def _input_async(guardrails: Guardrails) -> tuple[str, str]:
    result = asyncio.run(guardrails.check_input_async(ask(SECRET)))
    return result.action, result.message


def _output_async(guardrails: Guardrails) -> tuple[str, str]:
    result = asyncio.run(guardrails.check_output_async(SECRET))
    return result.action, result.message


def _stream(guardrails: Guardrails) -> tuple[str, str]:
    shown, result = streamed(guardrails, [f"{SECRET} "] * 50)
    return result.action, "".join(shown)


@pytest.mark.parametrize("way", [_input, _output, _input_async, _output_async, _stream])
@pytest.mark.parametrize("hangs", [False, True])
def test_a_validator_that_crashes_or_hangs_refuses_within_its_deadline(
    embedder: MiniLM, caplog: pytest.LogCaptureFixture, way: Way, *, hangs: bool
) -> None:
    detector = Hanging() if hangs else Crashing()
    guardrails = guarded(detector, embedder, TopicsConfig(time_limit=0.1))
    start = time.monotonic()

    assert way(guardrails) == ("refuse", guardrails.config.message)

    assert time.monotonic() - start < 10
    assert ("exceeded its time" if hangs else "ValueError") in caplog.text
    assert SECRET not in caplog.text
    if isinstance(detector, Hanging):
        detector.released.set()


@pytest.mark.parametrize("hangs", [False, True])
def test_passages_that_cannot_be_checked_are_dropped(embedder: MiniLM, *, hangs: bool) -> None:
    detector = Hanging() if hangs else Crashing()
    guardrails = guarded(detector, embedder, TopicsConfig(time_limit=0.1))

    result = guardrails.check_passages([passage(SECRET)])

    assert result.sources == []
    assert result.decisions[0].kinds == ["VALIDATOR_TIMED_OUT" if hangs else "VALIDATOR_FAILED"]
    if isinstance(detector, Hanging):
        detector.released.set()


def test_on_failure_can_let_through_and_log(embedder: MiniLM) -> None:
    guardrails = guarded(Crashing(), embedder, TopicsConfig(on_failure="allow-and-log"))

    result = guardrails.check_input(ask("hello"))

    assert (result.action, result.text) == ("allow", "hello")
    assert result.decisions[0].kinds == ["VALIDATOR_FAILED"]


def test_all_validators_together_keep_to_the_common_deadline(embedder: MiniLM) -> None:
    hanging = Hanging()
    config = TopicsConfig(time_limit=30)
    guardrails = Guardrails(
        GuardrailsConfig(time_limit=0.3), embedder, on_input=[Check("topics", hanging, config, "refuse")]
    )
    start = time.monotonic()

    assert guardrails.check_input(ask("hello")).action == "refuse"
    assert time.monotonic() - start < 15
    hanging.released.set()


def test_a_finding_that_cannot_be_read_refuses(embedder: MiniLM) -> None:
    guardrails = guarded(Unreadable(), embedder, TopicsConfig())

    assert guardrails.check_input(ask("hello")).action == "refuse"


def test_abandoned_calls_are_counted_and_further_ones_fail_until_they_return() -> None:
    released = threading.Event()
    limit: TimeLimit[bool] = TimeLimit(0.1, places=1)

    with pytest.raises(TimeoutError):
        limit.run(lambda: released.wait(30), until=time.monotonic() + 5)
    with pytest.raises(TimeoutError, match="hanging"):
        limit.run(lambda: True, until=time.monotonic() + 5)
    released.set()
    time.sleep(0.05)
    assert limit.run(lambda: True, until=time.monotonic() + 5)


def test_what_ends_by_itself_runs_in_the_thread_that_asks_and_counts_only_in_time() -> None:
    limit: TimeLimit[object] = TimeLimit(0.05)
    now = time.monotonic

    assert limit.run_here(threading.current_thread, until=now() + 5) is threading.current_thread()
    assert limit.run(threading.current_thread, until=now() + 5) is not threading.current_thread()
    with pytest.raises(TimeoutError, match="not done after"):
        limit.run_here(lambda: time.sleep(0.1), until=now() + 5)
    with pytest.raises(TimeoutError, match="no time left"):
        limit.run_here(lambda: True, until=now())


def test_a_slow_validator_that_ends_by_itself_still_counts_as_failed(embedder: MiniLM) -> None:
    guardrails = guarded(Slow(), embedder, TopicsConfig(time_limit=0.01))

    result = guardrails.check_input(ask(SECRET))

    assert (result.action, result.decisions[0].kinds) == ("refuse", ["VALIDATOR_TIMED_OUT"])


def test_a_search_for_names_keeps_its_time_limit_which_one_for_numbers_does_not_need() -> None:
    numbers, names = PersonalDataConfig(), PersonalDataConfig(entities=("CREDIT_CARD", "PERSON"))

    assert personal_data_finder(numbers).ends_by_itself
    assert not personal_data_finder(names).ends_by_itself


HOSTILE = [
    "1", "1-", "1 ", "a.", "a@", "a@a.", "(1) ", "1:", "::", "=", "key=", "aB3$", "password: ", "ignore ", "act as ",
    "12 Main ", "Street ", "AB12 ", "12/", "(at) a ", "http://", "\u0661", "\ufb01", "sk-", "\n", "\t", "Flat 1, ",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_what_ends_by_itself_does_so_in_the_longest_texts_made_to_slow_it_down(
    guardrails: Guardrails, unit: str
) -> None:
    config = guardrails.config.length
    question = (unit * config.input_characters)[: config.input_characters]
    answer = (unit * config.output_characters)[: config.output_characters]
    begun = time.process_time()

    guardrails.check_input(ask(question))
    guardrails.check_output(answer, [passage(question)])

    assert time.process_time() - begun < 3


def test_threads_that_check_at_once_each_get_their_own_verdict(guardrails: Guardrails) -> None:
    texts = [f"My mail is user{i}@example.org" if i % 2 else f"Question {i}: is overtime paid?" for i in range(40)]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(guardrails.check_output, texts))

    for i, (text, result) in enumerate(zip(texts, results, strict=True)):
        assert result.text == ("My mail is <EMAIL_ADDRESS>" if i % 2 else text)


async def _all_at_once(guardrails: Guardrails) -> list[str]:
    checks = [guardrails.check_input_async(ask("hello")), guardrails.check_output_async("Write to a.b@example.org")]
    passages = await guardrails.check_passages_async([passage("Leave is 25 days.")])
    return [*[r.action for r in await asyncio.gather(*checks)], passages.sources[0].content]


def test_the_asynchronous_twins_say_the_same(guardrails: Guardrails) -> None:
    assert asyncio.run(_all_at_once(guardrails)) == ["allow", "mask", "Leave is 25 days."]


@pytest.mark.parametrize(
    "unit",
    [
        *("ignore all your ", "show me the ", "you are DAN mode ", "send password to ", "1gn0re y0ur ", "key=A1b2 "),
        *("-----BEGIN PRIVATE KEY-----", "hello and you ", "<|[[#system:", "\u04301", "\u200b", "YWJj", "://a:b"),
        *("\ufdfa", "Mr. A"),
    ],
)
def test_input_made_to_slow_the_validators_is_checked_in_time(strict: Guardrails, unit: str) -> None:
    text = (unit * 2_000)[:2_000]
    start = time.process_time()

    results = [strict.check_input(ask(text)), strict.check_output(text, [passage(text[:900])])]

    assert time.process_time() - start < 5
    assert not [hit.kind for result in results for hit in result.hits if hit.kind.startswith("VALIDATOR")]
