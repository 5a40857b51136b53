"""The documents that made questions worse are found by applying parts of the change."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.documents_gate.blame import blame, most_evaluations

NAMES = [f"{number}.md" for number in range(40)]
documents = st.lists(st.sampled_from(NAMES), min_size=1, max_size=40, unique=True)


class Planted:
    """Questions that any one of their groups of documents makes worse, counted."""

    def __init__(self, groups: Mapping[str, list[frozenset[str]]], loss: float = 1.0) -> None:
        self.groups = groups
        self.loss = loss
        self.asked: list[frozenset[str]] = []

    def __call__(self, applied: frozenset[str]) -> dict[str, float]:
        self.asked.append(applied)
        return {
            question: self.loss * any(group <= applied for group in groups) for question, groups in self.groups.items()
        }


@st.composite
def planted(draw: st.DrawFn) -> tuple[list[str], Planted]:
    """Changed documents, and up to three questions that up to three documents or pairs of them make worse."""
    changed = draw(documents)
    group = st.frozensets(st.sampled_from(changed), min_size=1, max_size=2)
    questions = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.lists(group, max_size=3), max_size=3)
    return changed, Planted(draw(questions))


def minimal(groups: list[frozenset[str]]) -> list[frozenset[str]]:
    return [group for group in groups if not any(other < group for other in groups)]


@given(planted())
def test_without_the_blamed_documents_no_question_is_worse(case: tuple[list[str], Planted]) -> None:
    changed, worse = case
    found = blame(changed, sorted(worse.groups), worse, budget=1000)
    assert found.unresolved == ()
    assert set(found.unexplained) == {question for question, groups in worse.groups.items() if not groups}
    for question, groups in worse.groups.items():
        left = set(changed) - set(found.documents.get(question, ()))
        assert not any(group <= left for group in groups)


@given(planted())
def test_only_planted_culprits_are_blamed_and_a_pair_is_blamed_whole(case: tuple[list[str], Planted]) -> None:
    changed, worse = case
    found = blame(changed, sorted(worse.groups), worse, budget=1000)
    assert found.documents.keys() == {question for question, groups in worse.groups.items() if groups}
    for question, blamed in found.documents.items():
        groups = minimal(worse.groups[question])
        assert set(blamed) <= set().union(*groups)
        assert any(group <= set(blamed) for group in groups)


@given(planted())
def test_no_part_is_asked_twice_and_the_bound_holds(case: tuple[list[str], Planted]) -> None:
    changed, worse = case
    found = blame(changed, sorted(worse.groups), worse, budget=1000)
    assert len(worse.asked) == len(set(worse.asked)) == found.evaluations
    bound = sum(most_evaluations(len(changed), len(found.documents.get(name, ()))) for name in worse.groups)
    assert found.evaluations <= bound


@given(documents, st.randoms(use_true_random=False), st.integers(0, 30))
def test_whatever_the_answers_are_it_ends_within_its_budget(changed: list[str], chance: object, budget: int) -> None:
    """Models answer differently each time, and two changes may cancel each other out."""

    def worse(applied: frozenset[str]) -> dict[str, float]:
        return {"a": chance.random(), "b": chance.random()}  # type: ignore[attr-defined]

    found = blame(changed, ["a", "b"], worse, budget=budget)
    assert found.evaluations <= budget
    for documents_ in found.documents.values():
        assert set(documents_) <= set(changed)


@settings(max_examples=30)
@given(planted(), st.integers(1, 6))
def test_a_small_budget_leaves_questions_unresolved_and_says_so(case: tuple[list[str], Planted], budget: int) -> None:
    changed, worse = case
    found = blame(changed, sorted(worse.groups), worse, budget=budget)
    for question, groups in worse.groups.items():
        left = set(changed) - set(found.documents.get(question, ()))
        assert question in found.unresolved or not any(group <= left for group in groups)


def test_one_culprit_among_a_hundred_costs_nine_evaluations() -> None:
    changed = [f"{number}.md" for number in range(100)]
    found = blame(changed, ["leave"], Planted({"leave": [frozenset({"63.md"})]}))
    assert found.documents == {"leave": ("63.md",)}
    assert found.evaluations <= 11


def test_a_question_that_is_worse_without_any_change_has_no_culprit() -> None:
    found = blame(["a.md", "b.md"], ["flaky"], lambda applied: {"flaky": 1.0})
    assert (found.documents, found.unresolved, found.unexplained) == ({}, (), ("flaky",))


def test_a_question_that_is_right_when_it_is_asked_again_has_no_culprit() -> None:
    found = blame(["a.md", "b.md"], ["flaky"], lambda applied: {"flaky": 0.0})
    assert (found.documents, found.unexplained, found.evaluations) == ({}, ("flaky",), 1)


def test_what_is_known_is_not_asked() -> None:
    """Of one document that changed, nothing is asked where the assistant says the same each time."""
    worse = Planted({})
    found = blame(["a.md"], ["one"], worse, known={frozenset(["a.md"]): {"one": 1.0}, frozenset(): {}})
    assert (found.documents, worse.asked) == ({"one": ("a.md",)}, [])


def test_the_document_that_harms_most_questions_comes_first() -> None:
    groups = {"one": [frozenset({"b.md"})], "two": [frozenset({"b.md"})], "three": [frozenset({"a.md"})]}
    assert list(blame(["a.md", "b.md"], sorted(groups), Planted(groups)).questions) == ["b.md", "a.md"]


def test_a_small_loss_is_none() -> None:
    assert blame(["a.md"], ["one"], Planted({"one": [frozenset({"a.md"})]}, loss=0.1)).documents == {}
