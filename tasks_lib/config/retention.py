"""``RetentionConfig``: the section `retention`."""

from pydantic import Field

from tasks_lib.config.strict import StrictModel


class RetentionConfig(StrictModel):
    """How long what people asked is kept. Nothing goes by age unless a number is given."""

    traces_days: float | None = Field(
        default=None, gt=0, description="Days after which traces are deleted, with their feedback and labels."
    )
    reports_days: float | None = Field(
        default=None,
        gt=0,
        description="Days after which reports of `monitor` are deleted, with the questions and answers in them; its "
        "numbers stay.",
    )
