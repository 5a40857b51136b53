"""A ranker and a retriever: ordinary Haystack components."""

from typing import Any

from haystack import Document, component


@component
class TitleFirst:
    """A ranker: passages whose heading holds a word of the question come first.

    :param shortest: Letters that a word must have to count.
    """

    def __init__(self, shortest: int = 4) -> None:
        self.shortest = shortest

    @component.output_types(documents=list[Document])
    def run(self, query: str, documents: list[Document]) -> dict[str, Any]:
        """Sort `documents`; those that are alike keep their order."""
        wanted = {word for word in query.lower().strip("?").split() if len(word) >= self.shortest}

        def without(document: Document) -> bool:
            return not wanted & set((document.meta.get("heading") or "").lower().split())

        return {"documents": sorted(documents, key=without)}


@component
class Notices:
    """A retriever: short notices that lie in the configuration, found by a word.

    :param notices: Word → text.
    """

    def __init__(self, notices: dict[str, str]) -> None:
        self.notices = notices

    @component.output_types(documents=list[Document])
    def run(self, query: str) -> dict[str, Any]:
        """Those whose word is in the question."""
        found = [
            Document(
                content=text,
                meta={"source": "notices", "document": word, "start": 0, "end": len(text)},
                score=1.0,
            )
            for word, text in self.notices.items()
            if word in query.lower()
        ]
        return {"documents": found}
