"""Streams: the reader sees exactly what the check of the whole text would let through, in time."""

import asyncio
from collections.abc import Iterator
from itertools import accumulate

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.guardrails.build import build_guardrails
from tasks_lib.assistant.guardrails.guardrails import Guardrails
from tasks_lib.assistant.guardrails.stream import HOLD, HOLD_NUMBERS, LONGEST
from tasks_lib.config.guardrails import GuardrailsConfig, LengthConfig
from tests.tasks_lib.assistant.guardrails.conftest import as_stream, passage, streamed

TEXT = (
    "Employees get 25 days of leave a year. The person to write to is jane.roe@example.org, or call +44 20 7946 0958. "
    "Her card is 4111 1111 1111 1111 and that is secret. Unused days expire in March. "
    "The key AKIAIOSFODNN7EXAMPLE must not be shown.\nSick leave needs a note after three days. "
    "Ask john.doe@example.org about it. Overtime is paid after ten hours a week, and never in advance."
)
OUTPUT_CHECKS = ("personal_data", "secrets", "grounding", "length")


def pieces(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(min_value=1, max_value=90))
def test_any_cutting_into_tokens_shows_what_the_whole_check_would(guardrails: Guardrails, size: int) -> None:
    shown, result = streamed(guardrails, pieces(TEXT, size))

    whole = guardrails.check_output(TEXT)
    assert "".join(shown) == whole.text == result.text
    assert result.action == "mask"
    assert {(h.kind, h.start, h.end) for h in result.hits} == {(h.kind, h.start, h.end) for h in whole.hits}


def lags(guardrails: Guardrails, text: str) -> list[int]:
    """Characters that were read but not shown before each piece."""
    read = 0

    def tokens() -> Iterator[str]:
        nonlocal read
        for token in pieces(text, 5):
            read += len(token)
            yield token

    async def run() -> list[int]:
        held, shown = [], 0
        async for piece in guardrails.guard_stream_async(as_stream(tokens())):
            held.append(read - shown)
            shown += len(piece)
        return held

    return asyncio.run(run())


def cut_anywhere(guardrails: Guardrails, text: str) -> None:
    """Assert that a stream of single characters shows what the whole check would, wherever `text` stands in it."""
    for before in range(0, 44, 4):
        lead = f"Sick leave needs a note after three days. {'x' * before}. "
        said = f"{lead}{text} {'Overtime is paid after ten hours a week. ' * 9}"
        assert "".join(streamed(guardrails, said)[0]) == guardrails.check_output(said).text


@pytest.mark.parametrize(
    "first", ["Jane Roe\n12 Long Market Street\nFlat 7", "Flat 7\nThe Long Building\n12 Market Street"]
)
def test_names_and_addresses_of_several_lines_are_not_cut(strict: Guardrails, first: str) -> None:
    address = f"{first}\nSpringfield\nIL 62704\n"
    assert "Market Street" not in strict.check_output(address).text
    cut_anywhere(strict, address)


NUMBERS = [
    "Call +44 20 7946 0958 -\n4 for the desk.", "Her card: 4111 -\n1111 -\n1111 - 1111.",
    "The card.\n4111 1111 1111 1111",
    "The password:\nswordfish77! is new.", "The IBAN is DE89 3704 0044 0532 0130 00. It stays.",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\nabcdefghijklmnopqrstuvwxyz\n-----END RSA PRIVATE KEY-----",
    "jane.roe [at] example [dot] org", "Write to jane.roe@example.org.\nOr to john@example.org!",
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_are_not_cut_wherever_they_stand(guardrails: Guardrails, number: str) -> None:
    cut_anywhere(guardrails, number)


def test_less_is_held_back_where_only_numbers_are_looked_for(guardrails: Guardrails, strict: Guardrails) -> None:
    def read_before_the_first_piece(checked: Guardrails) -> int:
        return lags(checked, "A sentence about leave and nothing else. " * 40)[0]

    assert HOLD_NUMBERS < read_before_the_first_piece(guardrails) < HOLD < read_before_the_first_piece(strict)


def test_text_is_shown_while_the_stream_still_runs(guardrails: Guardrails) -> None:
    held = lags(guardrails, "A sentence about leave and nothing else. " * 40)

    assert len(held) > 5
    assert max(held) <= HOLD + LONGEST


def test_nothing_is_held_back_where_no_validator_looks_at_answers(embedder: MiniLM) -> None:
    config = GuardrailsConfig.model_validate({name: {"enabled": False} for name in OUTPUT_CHECKS})

    shown, result = streamed(build_guardrails(config, embedder), ["One", " two", ".", ""])

    assert shown == ["One", " two", "."]
    assert result.text == "One two."


def test_text_without_any_sentence_end_is_still_shown_in_time(guardrails: Guardrails) -> None:
    assert max(lags(guardrails, "word " * 600)) <= HOLD + LONGEST + 5


def test_a_refusal_ends_the_stream_before_what_is_refused(embedder: MiniLM) -> None:
    config = GuardrailsConfig.model_validate({"personal_data": {"on_output": "refuse"}})
    guardrails = build_guardrails(config, embedder)
    text = "Harmless words come first. " * 20 + "The card is 4111 1111 1111 1111. " + "More words follow. " * 20

    pieces_shown, result = streamed(guardrails, pieces(text, 7))
    shown = "".join(pieces_shown)

    assert "4111" not in shown
    assert "More words" not in shown
    assert shown.endswith(config.message)
    assert result.action == "refuse"


def test_an_unsupported_sentence_is_refused_in_a_stream(guardrails: Guardrails) -> None:
    source = passage("Employees get 25 days of leave a year. Unused days expire in March.")
    text = "Employees get 25 days of leave a year. " * 10 + "The moon landing was filmed by dolphins in Nevada."

    shown, result = streamed(guardrails, pieces(text, 11), [source])

    assert "dolphins" not in "".join(shown)
    assert result.action == "refuse"


def test_an_endless_stream_is_cut_at_the_length_limit(embedder: MiniLM) -> None:
    config = GuardrailsConfig(length=LengthConfig(output_characters=1000))
    tokens = iter(["All is well. "] * 100_000)

    shown, result = streamed(build_guardrails(config, embedder), tokens)

    assert len("".join(shown)) < 1200
    assert next(tokens)
    assert result.hits[-1].kind == "TOO_LONG"


def test_an_answer_with_a_schema_is_held_back_as_a_whole(embedder: MiniLM) -> None:
    schema = {"type": "object", "required": ["answer"]}
    guardrails = build_guardrails(GuardrailsConfig.model_validate({"output_schema": {"json_schema": schema}}), embedder)
    good = '{"answer": "25 days"}'

    assert streamed(guardrails, pieces(good, 3))[0] == [good]
    assert streamed(guardrails, pieces('{"reply": 1}', 3))[0] == [guardrails.config.message]


CLUSTERS = st.sampled_from(
    ["a", " ", ". ", "क्षि", "👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "中", "。", "e\u0301", "4111 1111 1111 1111"]
)


@pytest.mark.parametrize("checked", [True, False])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(CLUSTERS, min_size=1, max_size=400), size=st.integers(1, 7))
def test_no_piece_of_a_stream_ends_inside_a_grapheme(
    guardrails: Guardrails, embedder: MiniLM, checked: bool, said: list[str], size: int
) -> None:
    off = GuardrailsConfig.model_validate({name: {"enabled": False} for name in OUTPUT_CHECKS})
    used = guardrails if checked else build_guardrails(off, embedder)
    text = "".join(said)
    shown, result = streamed(used, pieces(text, size))
    assert "".join(shown) == result.text
    if not checked:
        assert result.text == text
    boundaries = {0, *(match.end() for match in regex.finditer(r"\X", result.text))}
    ends = list(accumulate(map(len, shown)))
    assert [end for end in ends if end not in boundaries and not result.text[end - 1].isascii()] == []
