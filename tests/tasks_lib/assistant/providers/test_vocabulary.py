"""Parameters, tokens, prices and texts, whoever the provider is."""

import pytest

from tasks_lib.assistant.providers.parameters import BEDROCK, OLLAMA, OPENAI_COMPLETION, parameters_of, translate
from tasks_lib.assistant.providers.redact import redact
from tasks_lib.assistant.providers.tokens import approximate_token_spans
from tasks_lib.assistant.providers.usage import ModelPrice, normalised_usage
from tasks_lib.config.rag import LlmConfig

LLM = LlmConfig(model="any/model", max_tokens=9, temperature=0.0, stop=("END",), seed=None)


def test_each_provider_gets_its_own_names_and_nothing_that_it_lacks() -> None:
    parameters = parameters_of(LLM) | {"seed": 4, "reasoning_effort": "low"}
    assert translate(parameters, BEDROCK) == {
        "maxTokens": 9,
        "temperature": 0.0,
        "stopSequences": ["END"],
        "reasoning_effort": "low",
    }
    assert translate(parameters, OPENAI_COMPLETION)["max_completion_tokens"] == 9
    assert translate(parameters, OLLAMA)["num_predict"] == 9


def test_parameters_that_are_not_set_are_left_out() -> None:
    assert parameters_of(LLM.model_copy(update={"stop": ()})) == {"max_tokens": 9, "temperature": 0.0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("leave", [(0, 4), (4, 5)]),
        ("a, b", [(0, 1), (1, 2), (3, 4)]),
        ("休暇は", [(0, 1), (1, 2), (2, 3)]),
    ],
)
def test_tokens_cover_every_character_that_is_not_a_space(text: str, expected: list[tuple[int, int]]) -> None:
    assert approximate_token_spans(text) == expected


def test_cost_is_the_price_of_a_million_tokens() -> None:
    price = ModelPrice(input=3, output=15)
    reported = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}
    assert normalised_usage(reported, price) == {"input_tokens": 1000, "output_tokens": 200, "cost": 0.006}
    assert normalised_usage(None, None) == {"input_tokens": 0, "output_tokens": 0, "cost": None}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key sk-secret-1 is wrong", "key *** is wrong"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("http://user:pass@host/path", "http://***@host/path"),
        ("line one\nline two", "line one line two"),
        ("the id ab stays", "the id ab stays"),
    ],
)
def test_texts_of_others_lose_secrets_and_credentials(text: str, shown: str) -> None:
    assert redact(text, ["sk-secret-1", "ab", ""]) == shown
