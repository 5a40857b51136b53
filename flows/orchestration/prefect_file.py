"""prefect.yaml, validated strictly: Prefect ignores unknown keys, and fails for a wrong parameter only in a run."""

import importlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from prefect.client.schemas.objects import ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.exceptions import ParameterTypeError
from prefect.flows import Flow
from prefect.utilities.templating import PlaceholderType, find_placeholders
from pydantic import Field, ValidationError, field_validator, model_validator

from flows.orchestration.job_variables import PoolType, check_job_variables
from flows.orchestration.steps import Steps, outputs
from tasks_lib.config.strict import StrictModel
from tasks_lib.errors import ConfigurationError

PLATFORM, HOME = "llmops_platform", "llmops_home"
IMAGE, API_URL = "llmops_image", "llmops_api_url"
VARIABLES = {PLATFORM, HOME, IMAGE, API_URL}
"""Prefect variables that the file may read; bootstrap saves those that a pool's type needs."""
ENVIRONMENT = {"PWD"}
"""Variables of the environment of `prefect deploy` that the file may read."""
LONGEST_INTERVAL = timedelta(days=366)


class WorkPool(StrictModel):
    """The work pool that a deployment runs in."""

    name: str = Field(min_length=1)
    work_queue_name: str | None = None
    job_variables: dict[str, Any] = Field(default_factory=dict)


class ConcurrencyLimit(StrictModel):
    """The concurrency limit of a deployment, and what becomes of the next run."""

    limit: int = Field(ge=1)
    collision_strategy: ConcurrencyLimitStrategy
    grace_period_seconds: int | None = Field(default=None, ge=60, le=86400)


class Schedule(StrictModel):
    """A cron or interval schedule. `slug` identifies it, so that bootstrap can leave it active or paused."""

    slug: str = Field(pattern=r"^[a-z0-9-]+$")
    cron: str | None = None
    day_or: bool = True
    interval: timedelta | None = Field(default=None, gt=timedelta(0), le=LONGEST_INTERVAL)
    anchor_date: str | None = None
    timezone: str
    active: bool
    parameters: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_one_that_prefect_takes(self) -> Self:
        if (self.cron is None) == (self.interval is None):
            msg = "a schedule has either `cron` or `interval`"
            raise ValueError(msg)
        self.as_prefect()
        return self

    def as_prefect(self) -> CronSchedule | IntervalSchedule:
        """The schedule as Prefect's API has it; refuses wrong cron strings, dates and timezones."""
        if self.cron is not None:
            return CronSchedule(cron=self.cron, timezone=self.timezone, day_or=self.day_or)
        anchor = {"anchor_date": datetime.fromisoformat(self.anchor_date)} if self.anchor_date else {}
        return IntervalSchedule(interval=self.interval, timezone=self.timezone, **anchor)  # type: ignore[arg-type]


class PoolDefinition(StrictModel):
    """The keys of a deployment that depend on the type of its pool."""

    build: Steps = Field(default_factory=list)
    push: Steps = Field(default_factory=list)
    pull: Steps
    work_pool: WorkPool


class Deployment(PoolDefinition):
    """One deployment, with the keys that this project uses. Its parameters fit its flow."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    entrypoint: str
    description: str = Field(min_length=1)
    tags: list[str] = Field(min_length=1)
    parameters: dict[str, Any] = Field(default_factory=dict)
    schedules: list[Schedule] = Field(default_factory=list)
    concurrency_limit: ConcurrencyLimit | None = None

    @field_validator("entrypoint")
    @classmethod
    def _is_a_flow(cls, entrypoint: str) -> str:
        """`module.flow`, which works in a checkout, in a wheel and in an image alike.

        The file says `module.py:flow`, since `prefect deploy -n flow/deployment` looks for the name behind a colon.
        """
        imported = entrypoint.replace(".py:", ".")
        flow_at(imported)
        return imported

    @model_validator(mode="after")
    def _parameters_fit_the_flow(self) -> Self:
        flow: Flow[..., Any] = flow_at(self.entrypoint)
        for given in (self.parameters, *(self.parameters | schedule.parameters for schedule in self.schedules)):
            unknown = set(given) - set(flow.parameters.properties)
            if unknown:
                msg = f"flow {flow.name!r} has no parameter {', '.join(sorted(unknown))}"
                raise ValueError(msg)
            try:
                flow.validate_parameters(given)
            except ParameterTypeError as error:
                raise ValueError(" ".join(str(error).split())) from error
        return self

    @property
    def flow(self) -> Flow[..., Any]:
        """The flow that it runs."""
        return flow_at(self.entrypoint)

    @property
    def full_name(self) -> str:
        """`flow/deployment`, as Prefect's command takes it."""
        return f"{self.flow.name}/{self.name}"


class Definitions(StrictModel):
    """The file's YAML anchors; only `pools` is read under its name."""

    pools: dict[PoolType, PoolDefinition]
    environment: dict[str, str]
    in_containers: dict[str, str]
    build: Steps
    push: Steps
    where_it_is: Steps
    in_this_folder: Steps
    one_at_a_time: ConcurrencyLimit
    parameters: dict[str, Any]


class PrefectFile(StrictModel):
    """The whole prefect.yaml."""

    name: Literal["llmops-flows"]
    definitions: Definitions
    deployments: list[Deployment] = Field(min_length=1)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        names = [deployment.full_name for deployment in self.deployments]
        if len(names) != len(set(names)):
            msg = f"two deployments have the same name: {', '.join(names)}"
            raise ValueError(msg)
        for kind, pool in self.definitions.pools.items():
            check_job_variables(kind, pool.work_pool.job_variables)
        for part in (*self.definitions.pools.values(), *self.deployments):
            _check_placeholders(part)
        return self


def flow_at(entrypoint: str) -> Flow[..., Any]:
    """The flow behind `package.module.flow`.

    :raises ValueError: If there is none.
    """
    module, _, name = entrypoint.rpartition(".")
    try:
        flow = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        msg = f"{entrypoint!r} cannot be imported: {error}"
        raise ValueError(msg) from error
    if not isinstance(flow, Flow):
        msg = f"{entrypoint!r} is no flow"
        raise ValueError(msg)  # noqa: TRY004  (pydantic reports only ValueErrors)
    return flow


def prefect_file() -> Path:
    """prefect.yaml of the checkout, or the one that the wheel carries."""
    flows = Path(__file__).resolve().parents[1]
    for candidate in (flows.parent / "prefect.yaml", flows / "prefect.yaml"):
        if candidate.is_file():
            return candidate
    raise ConfigurationError(f"prefect.yaml is missing beside {flows}", hint="Install the package again.")


def read_prefect_file(path: Path) -> PrefectFile:
    """Read and validate prefect.yaml.

    :raises ConfigurationError: If it holds a key, schedule, timezone, entrypoint, step, job variable or parameter that
        is wrong; all of them are named.
    """
    try:
        return PrefectFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{str(path)!r} is no YAML: {error}", hint="Correct the file.") from error
    except ValidationError as error:
        raise ConfigurationError(
            f"{str(path)!r}: {'; '.join(_problems(error))}", hint="Correct the file, then run the command again."
        ) from error


def _problems(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False, include_context=False):
        yield f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}"


def _check_placeholders(part: PoolDefinition) -> None:
    known = outputs(part.build)
    for placeholder in find_placeholders(part.model_dump(mode="json")):
        name = placeholder.name.removeprefix("prefect.variables.").removeprefix("$")
        if name not in {PlaceholderType.VARIABLE: VARIABLES, PlaceholderType.ENV_VAR: ENVIRONMENT}.get(
            placeholder.type, known
        ):
            msg = f"{{{{ {placeholder.name} }}}} stands for nothing; known: {', '.join(sorted({*VARIABLES, *known}))}"
            raise ValueError(msg)
