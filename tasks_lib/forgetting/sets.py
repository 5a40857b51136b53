"""Out of evaluation sets: a next version without the examples that hold it, and earlier ones without them as well."""

import json
from typing import TYPE_CHECKING

from tasks_lib.dataset.datasets import ARTIFACT, DIGEST_TAG, Dataset, digest_of, every_version, save
from tasks_lib.forgetting.needles import Needles
from tasks_lib.forgetting.redaction import holds
from tasks_lib.registry.assistant_client import AssistantClient

if TYPE_CHECKING:
    from tasks_lib.dataset.examples import Example

Key = tuple[str, str]


def examples_with(client: AssistantClient, needles: Needles, documents: set[Key]) -> list[tuple[Dataset, int]]:
    """Versions of all sets of an assistant that hold it, and how many of their examples do."""
    found = []
    for dataset in every_version(client):
        wrong = sum(_holds(example, needles, documents) for example in dataset.every)
        if wrong:
            found.append((dataset, wrong))
    return found


def redact_sets(client: AssistantClient, needles: Needles, documents: set[Key]) -> tuple[int, int]:
    """Versions that were redacted, and next versions that were made."""
    redacted = made = 0
    newest: dict[str, int] = {}
    versions = every_version(client)
    for dataset in versions:
        newest[dataset.name] = max(dataset.version, newest.get(dataset.name, 0))
    for dataset in versions:
        kept = [example for example in dataset.every if not _holds(example, needles, documents)]
        if len(kept) == len(dataset.every) and digest_of(kept) == dataset.digest:
            continue  # else a run was killed between the examples and their digest
        measured = [example for example in kept if not example.proposed_with]
        if dataset.version == newest[dataset.name] and measured:
            save(
                client,
                dataset.name,
                measured,
                index=dataset.index,
                index_version=dataset.index_version,
                origin=dataset.origin,
                seed=dataset.seed,
                pipeline=dataset.pipeline,
                proposed=[example for example in kept if example.proposed_with],
            )
            made += 1
        lines = "".join(json.dumps(example.row(), ensure_ascii=False) + "\n" for example in kept)
        client.log_text(dataset.run_id, lines, ARTIFACT)
        client.set_tag(dataset.run_id, DIGEST_TAG, digest_of(kept))
        redacted += 1
    return redacted, made


def _holds(example: "Example", needles: Needles, documents: set[Key]) -> bool:
    paths = {path for _, path in documents}
    of_it = any(
        (reference.source, reference.document) in documents or (not reference.source and reference.document in paths)
        for reference in example.references
    )
    return of_it or holds(example.row(), needles)
