"""How far several people agree about the same answers, beyond chance."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence

from pydantic import BaseModel, Field

from tasks_lib.registry.labels import Label, agreed


class Agreement(BaseModel):
    """What several people said of the same answers."""

    labels: int
    answers: int
    reviewers: list[str]
    shared: int = Field(description="Answers that at least two people labelled.")
    alpha: float | None = Field(default=None, description="Krippendorff's alpha; 1: they agree, 0: as by chance.")
    contested: int = Field(default=0, description="Shared answers without a verdict of most.")

    @property
    def reason(self) -> str:
        """In words and numbers."""
        said = f"{self.labels} labels of {len(self.reviewers)} people on {self.answers} answers"
        if self.alpha is None:
            return f"{said}; agreement is unknown until two people label the same answers, and not all alike"
        shared = f"{self.shared} shared answers, {self.contested} contested"
        return f"{said}; Krippendorff's alpha {self.alpha:.2f} over {shared}"


def agreement(labels: Mapping[str, Sequence[Label]]) -> Agreement:
    """Of the labels of each trace."""
    shared = [each for each in labels.values() if len(each) > 1]
    return Agreement(
        labels=sum(map(len, labels.values())),
        answers=sum(bool(each) for each in labels.values()),
        reviewers=sorted({label.reviewer for each in labels.values() for label in each}),
        shared=len(shared),
        alpha=krippendorff_alpha([[label.verdict for label in each] for each in shared]),
        contested=sum(agreed(each) is None for each in shared),
    )


def krippendorff_alpha(units: Iterable[Sequence[Hashable]]) -> float | None:
    """Krippendorff's alpha for nominal values: 1 - (n - 1) * sum of o_ck / sum of n_c n_k over values c != k.

    Each unit holds the values that it was given, by however many people; units with one are left out. The coincidence
    o_ck counts the pairs (c, k) within units, each unit's divided by the number of its values less one (Krippendorff,
    2011, "Computing Krippendorff's alpha-reliability"). `None` without shared units, or where all values are the same,
    which leaves nothing to agree about.
    """
    pairable = [Counter(unit) for unit in units if len(unit) > 1]
    totals: Counter[Hashable] = sum(pairable, Counter())
    count = totals.total()
    expected = count**2 - sum(number**2 for number in totals.values())
    if not expected:
        return None
    observed = sum(
        (unit.total() ** 2 - sum(number**2 for number in unit.values())) / (unit.total() - 1) for unit in pairable
    )
    return 1 - (count - 1) * observed / expected
