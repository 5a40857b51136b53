"""Service levels: an objective, what was observed, and how much of the budget for failing it is left."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from tasks_lib.config.monitor import ObjectivesConfig
from tasks_lib.monitoring.drift import finite
from tasks_lib.monitoring.scores import Column


class ServiceLevel(BaseModel):
    """One objective over one window."""

    model_config = ConfigDict(frozen=True)

    metric: str
    objective: str = Field(description="What was promised, in words.")
    observed: float | None = Field(description="Share of questions (cost: mean) that counts against it.")
    allowed: float
    budget_left: float | None = Field(description="Share of the window's budget that is left; negative if overspent.")
    n: int

    @property
    def breached(self) -> bool:
        """Whether more was spent than allowed."""
        return self.budget_left is not None and self.budget_left < 0


def service_levels(columns: dict[str, Column], objectives: ObjectivesConfig) -> list[ServiceLevel]:
    """The objectives that are set, in their order."""
    levels = []
    if objectives.latency_seconds is not None:
        slow = (finite(columns["latency_seconds"]) > objectives.latency_seconds).astype(float)
        words = f"{objectives.latency_share:.0%} of the answers within {objectives.latency_seconds:g} s"
        levels.append(_level("latency_seconds", words, slow, 1 - objectives.latency_share))
    if objectives.refusals is not None:
        words = f"at most {objectives.refusals:.0%} of the questions refused"
        levels.append(_level("refused", words, finite(columns["refused"]), objectives.refusals))
    if objectives.errors is not None:
        words = f"at most {objectives.errors:.0%} of the questions failed"
        levels.append(_level("error", words, finite(columns["error"]), objectives.errors))
    if objectives.cost_per_answer is not None:
        words = f"an answer costs at most {objectives.cost_per_answer:g} on average"
        levels.append(_level("cost", words, finite(columns["cost"]), objectives.cost_per_answer))
    return levels


def _level(metric: str, objective: str, values: Column, allowed: float) -> ServiceLevel:
    observed = float(np.mean(values)) if len(values) else None
    left = None if observed is None else round(1 - observed / allowed, 9)
    return ServiceLevel(
        metric=metric, objective=objective, observed=observed, allowed=allowed, budget_left=left, n=len(values)
    )
