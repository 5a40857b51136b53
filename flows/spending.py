"""What the endpoints' answers of this month took, as `status` tells it."""

from dataclasses import asdict
from datetime import UTC, datetime

from pydantic import BaseModel, Field

from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.registry.spending import NOTHING, SpendingFile, month_of


class MonthSpending(BaseModel):
    """What the answers of one assistant took this month, and what they may take."""

    month: str = Field(description="In UTC, such as `2026-11`.")
    answers: int
    tokens: int
    cost: float
    tokens_budget: int | None
    cost_budget: float | None


def month_spending(settings: Settings) -> MonthSpending | None:
    """What was counted in the home; `None` where no budget is configured, and none was this month."""
    serve, month = settings.serve, month_of(datetime.now(UTC))
    spent = SpendingFile(Home.from_environment().spending).read(month).get(settings.assistant)
    if spent is None and serve.tokens_per_month is None and serve.cost_per_month is None:
        return None
    return MonthSpending(
        month=month,
        **asdict(spent or NOTHING),
        tokens_budget=serve.tokens_per_month,
        cost_budget=serve.cost_per_month,
    )
