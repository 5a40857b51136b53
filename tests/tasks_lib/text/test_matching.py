"""Whether two texts say the same."""

import pytest

from tasks_lib.text.matching import contains_answer, token_f1, word_recall


@pytest.mark.parametrize(
    ("gold", "response"),
    [
        ("27 days", "Full-time employees receive 27 days of annual leave."),
        ("four extra days", "You may buy up to 4 extra days a year."),
        ("€1,250", "The limit is 1250 euros."),
        ("the People team", "That is decided by the people team."),
    ],
)
def test_a_response_contains_the_answer_in_other_words(gold: str, response: str) -> None:
    assert contains_answer(gold, response)


@pytest.mark.parametrize(
    ("gold", "response"),
    [
        ("27 days", "Full-time employees receive 25 days of annual leave."),
        ("within three working days", "The manager answers within five working days."),
        ("the People team", "The manager decides."),
    ],
)
def test_a_wrong_number_or_other_words_are_no_answer(gold: str, response: str) -> None:
    assert not contains_answer(gold, response)


def test_token_f1_is_that_of_squad() -> None:
    assert token_f1("The 27 days!", "27 days") == 1
    assert token_f1("27 days of leave", "27 days") == pytest.approx(2 * (2 / 4) * 1 / (2 / 4 + 1))
    assert token_f1("nothing", "27 days") == 0


def test_word_recall_counts_what_any_of_the_texts_holds() -> None:
    assert word_recall("annual leave policy", ["The policies.", "Leaves"]) == pytest.approx(2 / 3)
    assert word_recall("", ["anything"]) == 0
    assert word_recall("It is what it is", ["what is it?"]) == 1


@pytest.mark.parametrize(
    ("gold", "response", "wrong"),
    [
        ("27天年假", "全职员工每年享有27天的年假。", "全职员工每年享有25天的年假。"),
        ("人事团队", "由人事团队负责批准申请。", "由直属经理负责批准申请。"),
        ("27 Tage Urlaub", "Die Beschäftigten erhalten im Jahr 27 Urlaubstage, also Tage Urlaub.", "Die Leitung."),
        ("de los empleados", "Eso lo decide la asamblea de los empleados.", "Eso lo decide la dirección."),
        ("٢٧ يوما", "يحصل الموظفون على 27 يوما من الإجازة السنوية.", "يحصل الموظفون على 25 يوما."),
        ("वार्षिक छुट्टी", "कर्मचारियों को वार्षिक छुट्टी मिलती है।", "प्रबंधक निर्णय लेता है।"),
    ],
)
def test_answers_are_found_in_the_way_of_their_language(gold: str, response: str, wrong: str) -> None:
    assert contains_answer(gold, response)
    assert not contains_answer(gold, wrong)


def test_f1_of_languages_without_blanks_counts_characters() -> None:
    assert token_f1("年假。", "年假") == 1
    assert token_f1("二十七天年假", "年假") == pytest.approx(2 * (2 / 6) * 1 / (2 / 6 + 1))
    assert token_f1("«Les employés»", "les employés") == 1
