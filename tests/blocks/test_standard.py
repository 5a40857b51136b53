"""Prefect's own standard for blocks, which those of prefect-aws pass too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.testing.standard_test_suites import BlockStandardTestSuite

from blocks.base import PlatformBlock
from blocks.collection import BLOCKS
from blocks.openai import OpenAICompatibleModels
from blocks.tracking import MLflowTracking
from tasks_lib.quiet import OF_FILES


class TestStandard(BlockStandardTestSuite):
    @pytest.fixture(params=BLOCKS, ids=lambda block: block.__name__)
    def block(self, request: pytest.FixtureRequest) -> type[PlatformBlock]:
        block: type[PlatformBlock] = request.param
        return block

    def test_has_a_valid_image(self, block: type[PlatformBlock]) -> None:
        """Prefect's test downloads the image. Ours are those of prefect-aws, whose tests do; others have none."""
        assert block._logo_url is None or str(block._logo_url).startswith("https://")


@given(
    key=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
    before=st.text(OF_FILES, max_size=2),
    after=st.text(OF_FILES, max_size=2),
)
def test_a_key_is_the_key_whatever_file_it_was_copied_from(key: str, before: str, after: str) -> None:
    models = OpenAICompatibleModels(api_key=before + key + after)
    tracking = MLflowTracking(uri="http://mlflow:5000", username="ann", password=before + key + after)
    assert (models.key(), tracking.key()) == (key, key)
    assert key in models.secrets()  # so that it is found in what a provider says of it
    assert OpenAICompatibleModels(api_key=before + after).key() is None
