"""Nearly equal passages are folded."""

from haystack import Document

from tasks_lib.assistant.retrieval.near_duplicates import without_near_duplicates
from tasks_lib.assistant.retrieval.selection import PassageSelector

TEXT = "Sync windows are configurable windows of time where syncs of applications are either blocked or allowed by hand"


def passage(document: str, content: str, score: float = 1.0) -> Document:
    return Document(content=content, score=score, meta={"source": "s", "document": document, "start": 0, "end": 9})


def test_releases_of_a_page_are_one_with_a_note() -> None:
    pages = [passage(f"docs/{v}/windows.md", TEXT, 1 - n / 10) for n, v in enumerate(("1.9", "1.10", "1.8"))]
    other = passage("docs/other.md", "Something else entirely.", 0.1)
    best, last = without_near_duplicates([*pages, other], 10)
    assert (best.meta["document"], best.meta["also_in"]) == (
        "docs/1.9/windows.md",
        ["docs/1.10/windows.md", "docs/1.8/windows.md"],
    )
    assert last.meta["document"] == "docs/other.md"


def test_the_newer_stands_for_the_others_at_the_place_of_the_best() -> None:
    pages = [passage(f"docs/{v}/windows.md", TEXT, 1 - n / 10) for n, v in enumerate(("1.9", "1.10", "1.8"))]
    (one,) = PassageSelector(prefer="newer").run(pages)["documents"]
    assert (one.meta["document"], one.score) == ("docs/1.10/windows.md", 1.0)


def test_a_thousand_copies_leave_room_for_nine_others() -> None:
    copies = [passage(f"{n}.md", TEXT) for n in range(1000)]
    others = [passage(f"o{n}.md", f"Passage number {n} is about another thing, as each of these is.") for n in range(9)]
    found = without_near_duplicates([*copies, *others], 10)
    assert len(found) == 10
    assert len(found[0].meta["also_in"]) == 999


def test_other_numbers_and_the_same_document_are_not_the_same() -> None:
    one, other = passage("a.md", f"{TEXT} for 3 days"), passage("b.md", f"{TEXT} for 4 days")
    assert len(without_near_duplicates([one, other], 10)) == 2
    assert len(without_near_duplicates([passage("a.md", TEXT), passage("a.md", TEXT)], 10)) == 2


def test_a_thousand_pages_of_one_template_are_one_and_the_number_that_is_asked_for_is_beside_it() -> None:
    pages = [passage(f"node-{n}.md", f"{TEXT}, on node {n} of rack {n % 40}", 1 - n / 2000) for n in range(1000)]
    other = passage("other.md", "Something else entirely.", 0.1)
    one, last = without_near_duplicates([*pages, other], 10)
    assert (one.meta["document"], len(one.meta["also_in"]), last.meta["document"]) == ("node-0.md", 999, "other.md")
    found = without_near_duplicates([*pages, other], 10, question="Which windows has node 437?")
    assert {d.meta["document"] for d in found} == {"node-0.md", "node-437.md", "other.md"}


def test_a_few_passages_with_other_numbers_stay_apart() -> None:
    plans = [passage(f"{n}.md", f"{TEXT} for {n} days") for n in range(3)]
    assert without_near_duplicates(plans, 10) == plans


def test_a_name_that_is_asked_for_is_not_folded_away() -> None:
    text = f"{TEXT}, except for those that somebody with the role of an administrator starts in the office"
    offices = [passage(f"{name}.md", f"{text} in {name}") for name in ("Leeds", "Porto", "Lyon")]
    assert len(without_near_duplicates(offices, 10, question="When are syncs blocked?")) == 1
    found = without_near_duplicates(offices, 10, question="When are syncs blocked in Lyon?")
    assert {document.meta["document"] for document in found} == {"Leeds.md", "Lyon.md"}


def test_the_selection_reads_the_question() -> None:
    pages = [passage(f"{n}.md", f"{TEXT} on node {n}") for n in range(9)]
    selected = PassageSelector().run(pages, query="What of node 7?")["documents"]
    assert [document.meta["document"] for document in selected] == ["0.md", "7.md"]
