"""Groundedness: what the passages of an answer support."""

import unicodedata
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tasks_lib.assistant.contract.answer import Source
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.groundedness import groundedness, sentence_support

TEXT = "Employees get 25 days of annual leave. Unused days expire at the end of March."
SOURCES = [Source(document="leave.md", start=0, end=len(TEXT), score=1.0, content=TEXT, heading="Annual leave")]


class Counting:
    """Embeds, and counts the texts."""

    def __init__(self) -> None:
        self.texts = 0
        self.embedder = MiniLM()

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += len(texts)
        return np.asarray(self.embedder.embed(list(texts)), dtype=np.float32)


@pytest.mark.parametrize(
    ("response", "share"),
    [
        ("You get 25 days of annual leave a year.", 1.0),
        ("Days that were not taken lapse when March ends.", 1.0),
        ("You get 28 days of annual leave a year.", 0.0),
        ("You get 25 days of leave. Penguins invented the steam engine in Brazil.", 0.5),
        ("Yes.", None),
    ],
)
def test_groundedness_is_the_share_of_sentences_that_the_guardrail_lets_through(
    response: str, share: float | None
) -> None:
    assert groundedness(response, SOURCES, Counting()) == share


def test_a_number_of_the_question_is_known() -> None:
    said = "In 2031 employees get 25 days of annual leave."
    assert groundedness(said, SOURCES, Counting()) == 0.0
    assert groundedness(said, SOURCES, Counting(), question="What holds in 2031?") == 1.0


def test_a_sentence_with_an_invented_number_is_not_compared_by_meaning() -> None:
    said, embed = "Penguins invented 77 steam engines in Brazil.", Counting()
    assert groundedness(said, SOURCES, embed) == 0.0
    assert embed.texts == 0
    ((start, end, support),) = sentence_support(said, SOURCES, embed)
    assert (said[start:end], embed.texts) == (said, 3)
    assert support is not None
    assert support <= 0.2


SENTENCES = (
    "Vollzeitkräfte erhalten 30 Tage Urlaub pro Jahr.",
    "Der Zuschuss beträgt 1.234,50 € ab dem 3. Oktober.",
    "Los empleados a tiempo completo tienen 27 días de vacaciones.",
    "Les salariés à temps plein ont droit à 25 jours de congés.",
    "Сотрудники получают 28 дней отпуска в году.",
    "Κάθε υπάλληλος δικαιούται 20 ημέρες άδεια τον χρόνο.",
    "يحصل الموظفون على 21 يوما من الإجازة السنوية.",
    "पूर्णकालिक कर्मचारियों को 24 दिन की छुट्टी मिलती है।",
    "全职员工每年享有十五天的带薪年假和三天的病假。",
    "正社員には年間二十日の有給休暇が与えられます。",
    "정규직 직원은 매년 15일의 연차 휴가를 받습니다.",
    "พนักงานประจำมีวันลาพักร้อนปีละสิบห้าวันตามข้อตกลง",
    "The ﬁnal oﬀer is 10⁶ euros, ½ of it in cash.",
)
FORMS = st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"])


def no_embedding(texts: Sequence[str]) -> NDArray[np.float32]:
    """Nothing that was copied is to be compared by meaning."""
    raise AssertionError(texts)


@given(
    passage=st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6),
    picks=st.lists(st.integers(0, 5), min_size=1, max_size=3),
    forms=st.tuples(FORMS, FORMS),
    joint=st.sampled_from([" ", "\n", "\n\n", " [1] "]),
    cited=st.sampled_from(["", " [1]", " [2, 3]"]),
)
@settings(deadline=None, max_examples=200)
def test_what_was_copied_is_grounded_in_any_language_and_form(
    passage: list[str], picks: list[int], forms: tuple[str, str], joint: str, cited: str
) -> None:
    said = "\n".join(passage[pick % len(passage)] + cited for pick in picks)
    content = unicodedata.normalize(forms[0], joint.join(passage))
    source = Source(document="d", start=0, end=len(content), score=1.0, content=content)
    assert groundedness(unicodedata.normalize(forms[1], said), [source], no_embedding) == 1.0


@pytest.mark.parametrize(
    ("said", "content"),
    [
        ("5 Tage Urlaub gibt es im Jahr.", "Es sind 25 Tage Urlaub gibt es im Jahr."),
        ("5 days of paid leave are granted.", "In all 1.5 days of paid leave are granted."),
        ("The rate for all employees is 25", "The rate for all employees is 25.5 percent."),
    ],
)
def test_a_number_that_is_cut_is_not_copied(said: str, content: str) -> None:
    source = Source(document="d", start=0, end=len(content), score=1.0, content=content)
    assert groundedness(said, [source], Counting()) == 0.0
