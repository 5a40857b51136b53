"""Prefect's own standard for blocks, which those of prefect-aws pass too."""

import pytest
from prefect.testing.standard_test_suites import BlockStandardTestSuite

from blocks.base import PlatformBlock
from blocks.collection import BLOCKS


class TestStandard(BlockStandardTestSuite):
    @pytest.fixture(params=BLOCKS, ids=lambda block: block.__name__)
    def block(self, request: pytest.FixtureRequest) -> type[PlatformBlock]:
        block: type[PlatformBlock] = request.param
        return block

    def test_has_a_valid_image(self, block: type[PlatformBlock]) -> None:
        """Prefect's test downloads the image. Ours are those of prefect-aws, whose tests do; others have none."""
        assert block._logo_url is None or str(block._logo_url).startswith("https://")
