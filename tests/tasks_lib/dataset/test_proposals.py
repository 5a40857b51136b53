"""Questions that are proposed for new documents, in a real index and a real MLflow."""

from collections.abc import Callable
from typing import Any

import pytest

from blocks.local import LocalPlatform
from tasks_lib.config.settings import DatasetConfig
from tasks_lib.dataset import datasets, proposals
from tasks_lib.dataset.datasets import Dataset
from tasks_lib.dataset.examples import Example, Reference, example_of
from tasks_lib.dataset.proposals import Proposed, new_passages, propose, settle
from tasks_lib.dataset.shown import show
from tasks_lib.errors import InputError
from tasks_lib.registry.tracking import connect
from tests.tasks_lib.conftest import SOURCE, Library
from tests.tasks_lib.dataset.generating import pipeline_of

LEAVE = "# Leave\n\nEmployees receive 27 days of annual leave per calendar year.\n"
PAY = "# Pay\n\nSalaries are paid by the accounting department on the 25th of each month.\n"
CANTEEN = (
    "# Canteen\n\nThe canteen on the ground floor opens at 11:30 and closes at 14:00.\n\n"
    "Guests pay 8 euros for a lunch in the canteen.\n\nThe canteen was renovated by Hansen Brothers in 2019.\n"
)


@pytest.fixture
def library(tmp_path: Any) -> Library:
    made = Library(tmp_path)
    made.put("leave.md", LEAVE)
    made.put("pay.md", PAY)
    return made


@pytest.fixture
def client(tracked: LocalPlatform) -> Any:
    return connect(tracked, "rag-assistant")


@pytest.fixture
def dataset(client: Any, request: pytest.FixtureRequest) -> Dataset:
    """One question, in a set of the test's own."""
    said = "27 days of annual leave"
    start = LEAVE.index(said)
    reference = Reference(source=SOURCE, document="leave.md", start=start, end=start + len(said), content=said)
    asked = example_of("answerable", "How many days of annual leave do employees receive?", "27 days", [reference])
    name = request.node.name.replace("_", "-").partition("[")[0][:60]
    return datasets.save(client, name, [asked], index="test", index_version="1", origin="import")


Proposing = Callable[..., Proposed]


@pytest.fixture
def proposing(library: Library, client: Any) -> Proposing:
    """A change of documents, and what is proposed for it."""

    def run(dataset: Dataset, texts: dict[str, str | None], limit: int = 3) -> Proposed:
        before = library.index.at(str(library.index.version()))
        for name, text in texts.items():
            if text is None:
                with library.index.writing(10):
                    library.index.replace(SOURCE, [name], [])
                    library.index.commit()
            else:
                library.put(name, text)
        now = library.index.at(str(library.index.version()))
        changed = {(SOURCE, name) for name in texts}
        pipeline = pipeline_of(library, DatasetConfig(size=max(1, limit)))
        return propose(client, dataset, (before, now), changed, library.embedder, pipeline, limit=limit)

    return run


def test_a_new_document_gets_questions_beside_those_that_versions_are_measured_by(
    dataset: Dataset, proposing: Proposing, library: Library, client: Any
) -> None:
    proposed = proposing(dataset, {"canteen.md": CANTEEN})

    assert 0 < len(proposed.new) <= 3
    assert {each.document for example in proposed.new for each in example.references} == {"canteen.md"}
    assert {example.proposed_with for example in proposed.new} == {library.index.version()}
    newest = datasets.load(client, dataset.name)
    assert (newest.version, newest.examples, newest.proposed) == (2, dataset.examples, proposed.new)
    assert newest.by_kind() == dataset.by_kind()
    assert (newest.origin, newest.index_version) == (dataset.origin, dataset.index_version)
    assert datasets.count_proposed(client, dataset.name) == len(proposed.new)
    assert datasets.load(client, dataset.reference).proposed == ()


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_no_more_are_proposed_than_is_allowed(dataset: Dataset, proposing: Proposing, limit: int) -> None:
    assert len(proposing(dataset, {"canteen.md": CANTEEN}, limit=limit).new) == limit


def test_no_more_wait_than_a_person_can_look_through(
    dataset: Dataset, proposing: Proposing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposals, "MOST_WAITING", 2)
    first = proposing(dataset, {"canteen.md": CANTEEN})
    assert (len(first.new), first.full) == (2, False)
    second = proposing(first.dataset, {"garage.md": "# Garage\n\nThe garage was built by Olsen in 1998.\n"})
    assert (second.new, second.full, second.dataset) == ((), True, first.dataset)


def test_a_renamed_document_and_one_that_only_grew_are_asked_about_what_is_new(
    dataset: Dataset, proposing: Proposing, library: Library
) -> None:
    before = library.index.at(str(library.index.version()))
    renamed = proposing(dataset, {"pay.md": None, "salaries.md": PAY})
    assert renamed.new == ()
    library.put("leave.md", LEAVE + "\n\n# Parents\n\nParental leave was introduced by the board in 2015.\n")
    new = new_passages(before, library.index, {(SOURCE, "leave.md")}, 0)
    assert all("Parental leave" in str(chunk.content) for chunk in new)
    assert new


def test_what_was_asked_already_is_not_proposed_again(dataset: Dataset, proposing: Proposing) -> None:
    first = proposing(dataset, {"canteen.md": CANTEEN}, limit=100)
    again = proposing(first.dataset, {"canteen.md": CANTEEN.replace("# Canteen", "# The canteen")}, limit=100)
    asked = [example.asked for example in again.dataset.every]
    assert len(asked) == len(set(asked))
    assert again.gone == 0


def test_proposals_go_with_the_document_that_they_cite_and_move_with_one_that_is_renamed(
    dataset: Dataset, proposing: Proposing
) -> None:
    first = proposing(dataset, {"canteen.md": CANTEEN})
    moved = proposing(first.dataset, {"canteen.md": None, "food/canteen.md": CANTEEN})
    assert [example.id for example in moved.dataset.proposed] == [example.id for example in first.new]
    assert {each.document for e in moved.dataset.proposed for each in e.references} == {"food/canteen.md"}
    gone = proposing(moved.dataset, {"food/canteen.md": None})
    assert (gone.gone, gone.dataset.proposed, gone.dataset.examples) == (len(first.new), (), dataset.examples)


def test_the_next_set_keeps_what_is_proposed_until_it_is_among_its_examples(
    dataset: Dataset, proposing: Proposing, client: Any
) -> None:
    first = proposing(dataset, {"canteen.md": CANTEEN})
    taken, *left = first.new

    def save(examples: list[Example]) -> Dataset:
        return datasets.save(client, dataset.name, examples, index="test", index_version="1", origin="import")

    other = save([*dataset.examples, example_of("off_topic", "How do I tune a ukulele?")])
    assert other.proposed == first.new
    with_one = save([*dataset.examples, taken])
    assert with_one.proposed == tuple(left)
    assert [(each.id, each.proposed_with) for each in with_one.examples[1:]] == [(taken.id, "")]


def test_a_person_takes_them_in_or_drops_them(dataset: Dataset, proposing: Proposing, client: Any) -> None:
    first = proposing(dataset, {"canteen.md": CANTEEN})
    wanted, *others = first.new
    taken = settle(client, first.dataset, [wanted.question], take=True)
    assert (taken.version, taken.taken, taken.examples, taken.proposed) == (3, 1, 2, len(others))
    newest = datasets.load(client, dataset.name)
    assert newest.examples[-1].question == wanted.question
    assert not newest.examples[-1].proposed_with
    dropped = settle(client, newest, ["proposed=*"], take=False)
    assert (dropped.dropped, dropped.examples, dropped.proposed) == (len(others), 2, 0)
    with pytest.raises(InputError, match="no question is proposed for"):
        settle(client, datasets.load(client, dataset.name), [], take=True)


def test_they_are_shown_by_the_state_that_they_came_with(dataset: Dataset, proposing: Proposing) -> None:
    first = proposing(dataset, {"canteen.md": CANTEEN})
    state = first.new[0].proposed_with
    shown = show(first.dataset, [f"proposed={state}"])
    assert [each.id for each in shown.questions] == [each.id for each in first.new]
    assert (shown.examples, shown.proposed) == (1, len(first.new))
    assert show(first.dataset).shown == 1 + len(first.new)
    with pytest.raises(InputError, match="no question of") as caught:
        show(first.dataset, ["proposed=none"])
    assert state in caught.value.hint


def test_an_example_that_was_not_proposed_keeps_the_row_of_older_sets(dataset: Dataset) -> None:
    assert "proposed_with" not in dataset.examples[0].row()
