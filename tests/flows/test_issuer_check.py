"""`llmops doctor` finds what is wrong with an issuer before anybody fails to log in."""

from collections.abc import Iterator

import pytest

from flows.issuer_check import check_issuer
from tasks_lib.config.oidc import OidcConfig
from tasks_lib.errors import LlmopsError
from tests.stubs.openid import AUDIENCE, CLIENT, Provider, openid_provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    with openid_provider() as running:
        yield running


def asked(issuer: str, **fields: object) -> str:
    return check_issuer(OidcConfig.model_validate({"issuer": issuer, "audience": AUDIENCE, **fields}))


def test_an_issuer_that_works_is_told_with_its_keys_and_the_pages_client(provider: Provider) -> None:
    assert asked(provider.issuer) == f"{provider.issuer} answers with 1 usable keys; the chat page offers no login"
    assert asked(provider.issuer, client_id=CLIENT).endswith(f"the chat page logs in as '{CLIENT}'")


def test_another_spelling_of_the_issuer_is_found(provider: Provider) -> None:
    with pytest.raises(LlmopsError, match="describes the issuer") as caught:
        asked(f"{provider.issuer}/")
    assert provider.issuer in caught.value.message


def test_keys_of_another_kind_are_found(provider: Provider) -> None:
    with pytest.raises(LlmopsError, match="none of the issuer's keys signs .*ES256.*its keys: R"):
        asked(provider.issuer, algorithms=["ES256"])
    provider.rotate(curve=True)
    assert "1 usable" in asked(provider.issuer, algorithms=["ES256"])


def test_an_issuer_that_is_not_there_is_found(provider: Provider) -> None:
    with pytest.raises(LlmopsError, match="discovery document at .* cannot be read: HTTP 404"):
        asked(f"{provider.issuer}/elsewhere")
    with pytest.raises(LlmopsError, match="cannot be read: ConnectError"):
        asked("http://127.0.0.1:9")
