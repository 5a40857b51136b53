"""Evaluation sets in MLflow: one run per version, never changed afterwards."""

import hashlib
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock
from pydantic import ValidationError

from tasks_lib.dataset.examples import Example, taken_in
from tasks_lib.errors import InputError, LlmopsError
from tasks_lib.home import Home, at_home
from tasks_lib.registry.tracking import TRACE_INDEX_TAG, last_runs, run_of
from tasks_lib.storage_errors import storage_error

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import Run

    from tasks_lib.registry.assistant_client import AssistantClient

VERB = "dataset"
NAME_TAG = "llmops.dataset"
VERSION_TAG = "llmops.dataset_version"
DIGEST_TAG = "llmops.dataset_digest"
ORIGIN_TAG = "llmops.dataset_origin"
SEED_TAG = "llmops.dataset_seed"
PIPELINE_TAG = "llmops.dataset_pipeline"
INDEX_TAG = TRACE_INDEX_TAG
INDEX_VERSION_TAG = "llmops.index_version"
PROPOSED_METRIC = "proposed"
ARTIFACT = "examples.jsonl"
_MADE_AS = (ORIGIN_TAG, SEED_TAG, PIPELINE_TAG, INDEX_TAG, INDEX_VERSION_TAG)
"""Tags that say how and of what a version was made."""

_REFERENCE = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]{0,62})(?::(?P<version>[1-9]\d{0,8}))?")
_LISTED = 200
"""Versions of one name that are looked through."""
_ALL = 10_000


@dataclass(frozen=True)
class Dataset:
    """One version of an evaluation set.

    :param examples: What versions of the assistant are measured by.
    :param proposed: Questions about new documents that no person took in yet: the documents' gate asks them, too.
    """

    name: str
    version: int
    examples: tuple[Example, ...]
    digest: str
    index: str
    index_version: str | None
    origin: str
    seed: int
    run_id: str
    pipeline: str = ""
    """Digest of the file of `dataset.pipeline` that made it; empty for the built-in one."""
    proposed: tuple[Example, ...] = ()

    @property
    def every(self) -> tuple[Example, ...]:
        """The examples, and those that are proposed."""
        return *self.examples, *self.proposed

    @property
    def reference(self) -> str:
        """`name:version`, as `gate.dataset` takes it."""
        return f"{self.name}:{self.version}"

    def by_kind(self) -> dict[str, int]:
        """Number of examples of each kind."""
        return dict(sorted(Counter(example.kind for example in self.examples).items()))


def digest_of(examples: Sequence[Example]) -> str:
    """Fingerprint of the set: the order of the examples does not matter."""
    lines = sorted(json.dumps(example.row(), sort_keys=True, ensure_ascii=False) for example in examples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def save(
    client: "AssistantClient",
    name: str,
    examples: Sequence[Example],
    *,
    index: str,
    index_version: str | None,
    origin: str,
    seed: int = 0,
    pipeline: str = "",
    proposed: Sequence[Example] | None = None,
) -> Dataset:
    """Log the next version of `name`; the newest one is returned as it is when it holds the same examples.

    What was proposed for the newest one goes along, but for questions that are among `examples` now.

    Call :func:`tasks_lib.registry.tracking.connect` before. Two processes on one home take turns.

    :param origin: How the examples were made: `extractive`, `import`, or the id of a language model.
    :param pipeline: Digest of the pipeline's file, where it is not the built-in one.
    :param proposed: In place of what was proposed for the newest one.
    :raises InputError: If there are no examples.
    """
    if not examples:
        raise InputError(f"dataset {name!r} would have no examples", hint="Ingest more documents, or import questions.")
    made_as = {
        ORIGIN_TAG: origin,
        SEED_TAG: str(seed),
        PIPELINE_TAG: pipeline,
        INDEX_TAG: index,
        INDEX_VERSION_TAG: index_version or "",
    }
    with _turn(client, name):
        newest = _newest(client, name)
        if proposed is None:
            proposed = _left(client, newest, examples)
        return _next(client, name, newest, (*taken_in(examples), *proposed), made_as)


def change(
    client: "AssistantClient", name: str, changed: Callable[[Dataset], tuple[Sequence[Example], Sequence[Example]]]
) -> Dataset:
    """Log the next version of `name`, made as the newest one was: its examples and what is proposed, as `changed` says.

    :raises InputError: If there is no such dataset, or nothing would be left.
    """
    with _turn(client, name):
        before = load(client, name)
        examples, proposed = changed(before)
        if not examples:
            raise InputError(f"dataset {name!r} would have no examples", hint="Import questions before.")
        newest = client.get_run(before.run_id)
        made_as = {tag: newest.data.tags.get(tag, "") for tag in _MADE_AS}
        return _next(client, name, newest, (*taken_in(examples), *proposed), made_as)


def load(client: "AssistantClient", reference: str | None = None) -> Dataset:
    """The dataset `name` (its newest version), `name:version`, or without a reference the newest of all.

    :raises InputError: If the reference is malformed or there is no such dataset.
    """
    name, version = _parse(reference)
    run = _newest(client, name, version)
    if run is None:
        known = ", ".join(sorted(f"{r.data.tags[NAME_TAG]}:{_version(r)}" for r in _runs(client))) or "none"
        wanted = f"no dataset {reference!r}" if reference else "no dataset"
        raise InputError(f"there is {wanted} (known: {known})", hint="Make one with `llmops dataset`.")
    return _read(client, run)


def count_proposed(client: "AssistantClient", name: str) -> int:
    """Questions that are proposed for the newest version of `name`; 0 where there is none."""
    newest = _newest(client, name)
    return int(newest.data.metrics.get(PROPOSED_METRIC, 0)) if newest else 0


def every_version(client: "AssistantClient") -> list[Dataset]:
    """All versions of all sets of the assistant, the newest first, whether or not they are what was logged."""
    return [_read(client, run, checked=False) for run in _runs(client, limit=_ALL)]


def _parse(reference: str | None) -> tuple[str | None, int | None]:
    if reference is None:
        return None, None
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise InputError(f"{reference!r} does not name a dataset", hint="Write `name` or `name:version`.")
    return match["name"], int(match["version"]) if match["version"] else None


def _runs(
    client: "AssistantClient", name: str | None = None, version: int | None = None, limit: int = _LISTED
) -> "list[Run]":
    conditions = [f"tags.`{NAME_TAG}` = '{name}'" if name else f"tags.`{NAME_TAG}` LIKE '%'"]
    if version:
        conditions.append(f"tags.`{VERSION_TAG}` = '{version}'")
    return last_runs(client, VERB, where=" AND ".join(conditions), limit=limit)


def _newest(client: "AssistantClient", name: str | None, version: int | None = None) -> "Run | None":
    runs = _runs(client, name, version)
    if name is None:
        return runs[0] if runs else None
    return max(runs, key=_version, default=None)


def _version(run: "Run") -> int:
    return int(run.data.tags[VERSION_TAG])


def _turn(client: "AssistantClient", name: str) -> FileLock:
    return FileLock(Home.from_environment().ensure().locks / f"dataset-{at_home(name, client.assistant)}.lock")


def _left(client: "AssistantClient", newest: "Run | None", examples: Sequence[Example]) -> list[Example]:
    """What is proposed for the newest version, and not among `examples`."""
    if newest is None or not newest.data.metrics.get(PROPOSED_METRIC):
        return []
    known = {example.id for example in examples}
    return [example for example in _read(client, newest).proposed if example.id not in known]


def _next(
    client: "AssistantClient", name: str, newest: "Run | None", examples: Sequence[Example], made_as: Mapping[str, str]
) -> Dataset:
    """The version after `newest`, whose turn it is; `newest` itself where it holds the same."""
    digest = digest_of(examples)
    if newest is not None and newest.data.tags.get(DIGEST_TAG) == digest:
        return _read(client, newest)
    version = _version(newest) + 1 if newest else 1
    with run_of(client, VERB, {NAME_TAG: name, VERSION_TAG: version, DIGEST_TAG: digest, **made_as}) as run:
        _log(name, examples, digest)
    return _read(client, client.get_run(run.info.run_id))


def _log(name: str, examples: Sequence[Example], digest: str) -> None:
    import mlflow

    lines = [json.dumps(example.row(), ensure_ascii=False) for example in examples]
    mlflow.log_text("\n".join(lines) + "\n", ARTIFACT)
    measured = [example for example in examples if not example.proposed_with]
    mlflow.log_metrics({f"examples_{kind}": n for kind, n in Counter(e.kind for e in measured).items()})
    mlflow.log_metrics({"examples": len(measured), PROPOSED_METRIC: len(examples) - len(measured)})
    data = mlflow.data.from_pandas(_table(examples), name=name, digest=digest)  # type: ignore[attr-defined]
    mlflow.log_input(data, context="evaluation")


def _table(examples: Sequence[Example]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            "id": [example.id for example in examples],
            "kind": [example.kind for example in examples],
            "question": [example.question for example in examples],
            "answer": [example.answer for example in examples],
            "references": [json.dumps(example.row()["references"], ensure_ascii=False) for example in examples],
        }
    )


def _read(client: "AssistantClient", run: "Run", *, checked: bool = True) -> Dataset:
    tags = run.data.tags
    reference = f"{tags[NAME_TAG]}:{tags[VERSION_TAG]}"
    examples = _download(client, run.info.run_id, reference)
    if checked and digest_of(examples) != tags[DIGEST_TAG]:
        raise LlmopsError(
            f"dataset {reference} is not what was logged: its digest differs",
            hint="Make a new version with `llmops dataset`.",
        )
    return Dataset(
        name=tags[NAME_TAG],
        version=int(tags[VERSION_TAG]),
        examples=tuple(example for example in examples if not example.proposed_with),
        digest=tags[DIGEST_TAG],
        index=tags.get(INDEX_TAG, ""),
        index_version=tags.get(INDEX_VERSION_TAG) or None,
        origin=tags.get(ORIGIN_TAG, ""),
        seed=int(tags.get(SEED_TAG, 0)),
        run_id=run.info.run_id,
        pipeline=tags.get(PIPELINE_TAG, ""),
        proposed=tuple(example for example in examples if example.proposed_with),
    )


def _download(client: "AssistantClient", run_id: str, reference: str) -> tuple[Example, ...]:
    from mlflow.exceptions import MlflowException

    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(client.download_artifacts(run_id, ARTIFACT, folder))
            return tuple(Example.model_validate_json(line) for line in path.read_text("utf-8").split("\n") if line)
    except (OSError, MlflowException, ValidationError) as error:
        if known := storage_error(error, Home.from_environment().root):
            raise known from error
        raise LlmopsError(
            f"the examples of dataset {reference} cannot be read: {str(error).splitlines()[0]}",
            hint="Restore the artifacts of its MLflow run, or make a new version with `llmops dataset`.",
        ) from error
