"""Collect predictions: candidate and production answer the same questions at once, each in its own process."""

import contextvars
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.gate import GateConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.errors import VersionError
from tasks_lib.gate.prediction import Prediction, asked, messages_of
from tasks_lib.gate.validate import Check, checked_answer, validate
from tasks_lib.progress import advance
from tasks_lib.registry.pool import VersionPool
from tasks_lib.registry.process import VersionProcess
from tasks_lib.registry.tracking import connect


@dataclass(frozen=True)
class VersionAddress:
    """A version in the registry."""

    model: str
    version: int
    index: str

    @property
    def uri(self) -> str:
        """By number, so that it does not move."""
        return f"models:/{self.model}/{self.version}"


@dataclass(frozen=True)
class VersionAnswers:
    """What one version said to all questions. Without `predictions`, `problem` tells why."""

    predictions: tuple[Prediction, ...] = ()
    problem: str = ""
    checks: tuple[Check, ...] = ()

    @property
    def passed_tests(self) -> bool:
        """Whether every check of the validation held."""
        return bool(self.checks) and all(check.ok for check in self.checks)


def ask_versions(
    platform: Platform,
    candidate: VersionAddress,
    production: VersionAddress | None,
    examples: Sequence[Example],
    gate: GateConfig,
    checks: Sequence[Check] = (),
) -> tuple[VersionAnswers, VersionAnswers | None]:
    """Validate the candidate, then put all questions to both.

    Both processes start at once; production is asked nothing before the candidate has passed its tests.

    :param checks: Of a candidate that has passed its tests before; they are not repeated.
    """
    passed: Future[bool] = Future()
    with ThreadPoolExecutor(1, thread_name_prefix="production") as pool:
        context = contextvars.copy_context()
        of_production = pool.submit(context.run, _ask_production, platform, production, examples, gate, passed)
        try:
            of_candidate = _ask_candidate(platform, candidate, examples, gate, passed, tuple(checks))
        finally:
            if not passed.done():
                passed.set_result(False)
        return of_candidate, of_production.result()


def validate_candidate(
    platform: Platform, candidate: VersionAddress, examples: Sequence[Example], gate: GateConfig
) -> VersionAnswers:
    """Only the checks of the candidate; its questions are asked elsewhere."""
    checks: tuple[Check, ...] = ()
    try:
        with _process(platform, candidate, gate) as process:
            checks = tuple(validate(process, examples, gate, platform.open_index(candidate.index)))
    except VersionError as error:
        return _not_loaded(error, checks)
    return VersionAnswers(problem=_failed(checks), checks=checks)


def ask_version(
    platform: Platform, version: VersionAddress, examples: Sequence[Example], gate: GateConfig
) -> VersionAnswers:
    """Put all questions to a version in processes of its own."""
    try:
        with _process(platform, version, gate) as process:
            return VersionAnswers(tuple(predict(process, examples, gate, f"evaluate version {version.version}")))
    except VersionError as error:
        return VersionAnswers(problem=error.message)


def predict(
    process: VersionProcess | VersionPool, examples: Sequence[Example], gate: GateConfig, step: str
) -> list[Prediction]:
    """Ask every question, `gate.concurrency` at a time. A question that fails is a row with an error.

    :param step: Name of the progress that is told.
    :raises VersionError: If the process died, or not one question was answered: then there is nothing to measure.
    """
    advance(step, 0, len(examples))
    with ThreadPoolExecutor(gate.concurrency, thread_name_prefix="evaluate") as pool:
        futures = [pool.submit(_predict_one, process, example, gate) for example in examples]
        for done, _ in enumerate(as_completed(futures), start=1):
            advance(step, done, len(examples))
    predictions = [future.result() for future in futures]
    failed = [prediction.error for prediction in predictions if prediction.error]
    if failed and (not process.alive or len(failed) == len(predictions)):
        raise VersionError(
            f"{len(failed)} of {len(predictions)} questions got no answer; the first because {failed[0]}"
        )
    return predictions


def _predict_one(process: VersionProcess | VersionPool, example: Example, gate: GateConfig) -> Prediction:
    try:
        reply = asked(process, messages_of(example), gate, example.groups)
    except VersionError as error:
        return Prediction(example, None, error.message, None, gate.question_timeout_seconds)
    if reply.error is not None:
        return Prediction(example, None, str(reply.error), reply.trace_id, reply.seconds)
    try:
        checked_answer(reply.answer)
    except VersionError as error:
        return Prediction(example, None, error.message, reply.trace_id, reply.seconds)
    return Prediction(example, reply.answer, None, reply.trace_id, reply.seconds)


def joined(batches: Sequence[VersionAnswers]) -> VersionAnswers:
    """All batches as if they were asked at once; without one of them there is nothing to measure."""
    problem = next((batch.problem for batch in batches if batch.problem), "")
    predictions = () if problem else tuple(prediction for batch in batches for prediction in batch.predictions)
    return VersionAnswers(predictions, problem)


def _not_loaded(error: VersionError, checks: tuple[Check, ...]) -> VersionAnswers:
    return VersionAnswers(
        problem=error.message, checks=checks or (Check(name="loads", ok=False, detail=error.message),)
    )


def _failed(checks: Sequence[Check]) -> str:
    failed = next((check for check in checks if not check.ok), None)
    return f"validation failed: {failed.name}: {failed.detail}" if failed else ""


def smoke(platform: Platform, model: str, alias: str, version: VersionAddress, example: Example, seconds: float) -> str:
    """Ask one question through `alias`, as users' requests will come.

    :raises VersionError: If it does not load, does not answer, or refuses a question that it answered before.
    """
    with VersionProcess(
        f"models:/{model}@{alias}",
        platform_name=platform.name,
        tracking_uri=platform.tracking_uri(),
        assistant=version.model,
        experiment_id=connect(platform, version.model).experiment_id,
        source="smoke",
        version=str(version.version),
        index=version.index,
        workers=1,
        controlled=lambda: platform.open_index(version.index).access().controlled,
    ) as process:
        reply = process.ask(messages_of(example), seconds, groups=example.groups)
    if reply.error is not None:
        raise VersionError(f"the smoke question failed: {reply.error}")
    answer = checked_answer(reply.answer)
    if answer.refused or not answer.response.strip():
        raise VersionError(f"the smoke question {example.question!r} was refused")
    return answer.response


def _ask_candidate(
    platform: Platform,
    candidate: VersionAddress,
    examples: Sequence[Example],
    gate: GateConfig,
    passed: "Future[bool]",
    checks: tuple[Check, ...],
) -> VersionAnswers:
    try:
        with _process(platform, candidate, gate) as process:
            checks = checks or tuple(validate(process, examples, gate, platform.open_index(candidate.index)))
            if problem := _failed(checks):
                return VersionAnswers(problem=problem, checks=checks)
            passed.set_result(True)
            return VersionAnswers(tuple(predict(process, examples, gate, "evaluate the candidate")), checks=checks)
    except VersionError as error:
        return _not_loaded(error, checks)


def _ask_production(
    platform: Platform,
    production: VersionAddress | None,
    examples: Sequence[Example],
    gate: GateConfig,
    candidate_passed: "Future[bool]",
) -> VersionAnswers | None:
    if production is None:
        return None
    try:
        with _process(platform, production, gate) as process:
            if not candidate_passed.result():
                return None
            return VersionAnswers(tuple(predict(process, examples, gate, "evaluate production")))
    except VersionError as error:
        return VersionAnswers(problem=error.message)


def _process(platform: Platform, version: VersionAddress, gate: GateConfig) -> VersionPool:
    return VersionPool(
        version.uri,
        concurrency=gate.concurrency,
        platform_name=platform.name,
        tracking_uri=platform.tracking_uri(),
        assistant=version.model,
        experiment_id=connect(platform, version.model).experiment_id,
        source="evaluation",
        version=str(version.version),
        index=version.index,
        controlled=lambda: platform.open_index(version.index).access().controlled,
    )
