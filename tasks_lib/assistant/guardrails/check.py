"""``Check``: one validator of the guardrails on one kind of text, within its time, failing closed."""

import logging
from collections.abc import Mapping, Sequence

from tasks_lib.assistant.guardrails.detection import CheckContext, Detector, Finding
from tasks_lib.assistant.guardrails.results import Hit, Verdict
from tasks_lib.assistant.guardrails.time_limit import TimeLimit
from tasks_lib.config.guardrails import ValidatorConfig
from tasks_lib.errors import PluginError

logger = logging.getLogger(__name__)

FAILED = "VALIDATOR_FAILED"
TIMED_OUT = "VALIDATOR_TIMED_OUT"

Hits = Mapping[str, Sequence[Hit]]
"""Validator → its hits; empty for one that ran and found nothing."""


class Check:
    """A detector with what is done about its findings. Threads share it.

    :param name: Name of the validator in hits, decisions and logs.
    :param action: What the configuration does about its findings in this kind of text.
    """

    def __init__(self, name: str, detector: Detector, config: ValidatorConfig, action: Verdict) -> None:
        self.name = name
        self.detector = detector
        self.config = config
        self.action = action
        limit: TimeLimit[list[Hit]] = TimeLimit(config.time_limit)
        self._run = limit.run_here if getattr(detector, "ends_by_itself", False) else limit.run

    def hits(self, text: str, context: CheckContext) -> list[Hit]:
        """Hits in `text`; an error or a timeout is one on all of it, with the action `on_failure`."""
        if context.stopped:
            return []
        try:
            return self._run(
                lambda: [self._hit(finding, self.action) for finding in self.detector.find(text, context)],
                until=context.deadline,
            )
        except TimeoutError:
            logger.warning("guardrail %s exceeded its time on %d characters", self.name, len(text))
            kind = TIMED_OUT
        except Exception as error:  # noqa: BLE001 - fail closed, whatever it was; the message may hold the text
            what = error.message if isinstance(error, PluginError) else type(error).__name__
            logger.warning("guardrail %s failed: %s", self.name, what)
            kind = FAILED
        return [self._hit(Finding(kind, 0, len(text)), self.config.on_failure)]

    def _hit(self, finding: Finding, action: Verdict) -> Hit:
        return Hit(
            validator=self.name,
            kind=finding.kind,
            start=finding.start,
            end=finding.end,
            score=round(finding.score, 4),
            action=action,
        )


def run_checks(checks: Sequence[Check], text: str, context: CheckContext, where: str) -> dict[str, list[Hit]]:
    """Hits of every check, in their order. What is only to be logged is: its kinds, never the text.

    :param where: What is checked, for the log.
    """
    hits = {check.name: check.hits(text, context) if text else [] for check in checks}
    for name, own in hits.items():
        if kinds := {hit.kind for hit in own if hit.action == "allow-and-log"}:
            logger.warning("guardrail %s lets %s through (%s)", name, ", ".join(sorted(kinds)), where)
    return hits
