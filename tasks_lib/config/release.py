"""``ReleaseConfig``: the section `release`."""

from pydantic import Field

from tasks_lib.config.strict import StrictModel


class ReleaseConfig(StrictModel):
    """How changes of documents are released, where `index.follow` is `gated`."""

    approve: bool = Field(
        default=False,
        description="Ask a person in Prefect's UI about what was held or is undecided: the run pauses, for a day at "
        "most. `ingest` does not wait; the automation of `llmops bootstrap` starts such a run after it.",
    )
    held_days: float = Field(
        default=7.0,
        gt=0,
        description="Days after which a change that was held is given up: its documents go into quarantine, and no "
        "longer hold up what comes after them.",
    )
    proposed_questions: int = Field(
        default=5,
        ge=0,
        le=100,
        description="Questions that are proposed at most for the new passages of a change that was released; 0: none. "
        "The documents' gate asks them from then on, the gate of versions once a person took them in.",
    )
