"""Personal data as a detector of the guards."""

from tasks_lib.assistant.guardrails.detection import CheckContext, Detection
from tasks_lib.assistant.guardrails.personal_data.finder import PersonalDataFinder
from tasks_lib.assistant.guardrails.personal_data.patterns import numbers_only
from tasks_lib.assistant.guardrails.results import Verdict
from tasks_lib.config.rag import PersonalDataConfig


class PersonalDataDetector:
    """Finds personal data and says what the place it was found in asks for.

    :param action: What the configuration does with personal data in this place.
    """

    name = "personal_data"

    def __init__(self, finder: PersonalDataFinder, action: Verdict) -> None:
        self.ends_by_itself = numbers_only(finder.entities)
        self._finder = finder
        self._action = action

    def detect(self, text: str, context: CheckContext) -> list[Detection]:  # noqa: ARG002 - as every detector
        """Every finding; all of `text` is looked at."""
        return [Detection(f.entity, f.start, f.end, f.score, self._action) for f in self._finder.find(text)]


def personal_data_finder(config: PersonalDataConfig) -> PersonalDataFinder:
    """The finder for a configuration; models are loaded here."""
    return PersonalDataFinder(
        config.entities,
        score_threshold=config.score_threshold,
        allow=config.allow,
        timeout=max(0.1, config.time_limit / 4),
    )
