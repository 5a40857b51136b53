"""Evaluation sets without what is forgotten."""

from blocks.local import LocalPlatform
from tasks_lib.dataset import datasets
from tasks_lib.dataset.examples import Example, Reference, example_of
from tasks_lib.forgetting.needles import Needles
from tasks_lib.forgetting.sets import examples_with, redact_sets
from tasks_lib.registry.tracking import connect


def about(document: str, proposed_with: str = "") -> Example:
    reference = Reference(source="s", document=document, start=0, end=5, content="green")
    made = example_of("answerable", f"What colour has {document}?", "green", [reference])
    return made.model_copy(update={"proposed_with": proposed_with})


def test_what_is_proposed_is_forgotten_as_well_and_the_rest_stays_proposed(tracked: LocalPlatform) -> None:
    client, name = connect(tracked, "forgetful"), "questions"
    kept, proposed, gone = about("a.md"), about("b.md", "4"), about("c.md", "5")
    datasets.save(client, name, [kept], index="i", index_version="1", origin="import", proposed=[proposed, gone])
    documents = {("s", "c.md")}

    (found,) = [(dataset.name, wrong) for dataset, wrong in examples_with(client, Needles(), documents)]
    assert found == (name, 1)
    assert redact_sets(client, Needles(), documents) == (1, 1)
    for reference, version in ((name, 2), (f"{name}:1", 1)):
        left = datasets.load(client, reference)
        assert (left.version, left.examples, left.proposed) == (version, (kept,), (proposed,))
