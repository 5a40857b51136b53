"""``ReleaseConfig``: the section `release`."""

from pydantic import Field

from tasks_lib.config.strict import StrictModel


class ReleaseConfig(StrictModel):
    """How changes of documents are released, where `index.follow` is `gated`."""

    held_days: float = Field(
        default=7.0,
        gt=0,
        description="Days after which a change that was held is given up: its documents go into quarantine, and no "
        "longer hold up what comes after them.",
    )
