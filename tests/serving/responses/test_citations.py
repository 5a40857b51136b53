"""Sources as annotations."""

from serving.responses.citations import address_of, citations

LEAVE = {"document": "leave.md", "start": 0, "end": 5, "score": 1.0, "content": "Leave"}
PAGE = {**LEAVE, "source": "https://wiki.example/staff/", "document": "leave & absence/annual.html", "title": "Leave"}


def test_a_document_is_cited_by_its_name_and_a_page_by_its_address() -> None:
    document, page = citations({"source_documents": [LEAVE, PAGE]}, 12)
    assert {
        "type": "file_citation",
        "filename": "leave.md",
        "file_id": "leave.md",
        "index": 12,
    }.items() <= document.items()
    address = "https://wiki.example/staff/leave%20%26%20absence/annual.html"
    assert {"type": "url_citation", "url": address, "title": "Leave", "end_index": 12}.items() <= page.items()
    assert (page["start"], page["end"]) == (0, 5)
    assert address_of({"document": "https://wiki.example/a"}) == "https://wiki.example/a"


def test_those_are_cited_that_the_answer_was_taken_from_and_none_of_a_refusal() -> None:
    used = {**LEAVE, "document": "used.md", "used": True}
    sources = [{**LEAVE, "used": False}, used]
    assert [one["filename"] for one in citations({"source_documents": sources}, 1)] == ["used.md"]
    assert citations({"source_documents": sources, "refused": True}, 1) == []
