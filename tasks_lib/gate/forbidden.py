"""Whether a version tells people what they may not see: questions about documents, asked by those who may not see them.

Forbidden are a document among the sources, and a sentence in the answer that stands in no document the asker may see.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, zip_longest
from typing import Any

from tasks_lib.assistant.contract.access import NOBODY, PUBLIC, Audience, Caller, asked_by, member_of
from tasks_lib.assistant.contract.answer import Answer
from tasks_lib.assistant.contract.index import Index, contents
from tasks_lib.assistant.contract.states import DocumentKey
from tasks_lib.dataset.examples import Example
from tasks_lib.gate.prediction import messages_of
from tasks_lib.text.sentences import sentences

SHORTEST = 16
"""Bytes of a sentence's letters and digits from which on it is taken for a document's own."""
_SEARCHED = 20
"""Passages in which a sentence is looked for that may stand in a document of the asker's, too."""

Groups = tuple[str, ...]


def condensed(text: str) -> str:
    """Letters and digits alone, in small letters."""
    return "".join(character for character in text.lower() if character.isalnum())


@dataclass(frozen=True)
class ForbiddenQuestion:
    """A question about a document, and the groups of somebody who may not see it."""

    document: str
    groups: Groups
    messages: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class ForbiddenFacts:
    """The documents of an index that not everybody may see, and who of those that ask may not.

    :param examples: A question about each document that the evaluation set asks about.
    :param audiences: Who may see each document of the index.
    :param askers: Sets of groups that ask: nobody's, those of the examples, and each group that documents name.
    """

    index: Index
    examples: Mapping[DocumentKey, Example]
    audiences: Mapping[DocumentKey, Audience]
    askers: Sequence[Groups]
    _sentences: dict[DocumentKey, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, index: Index, examples: Sequence[Example]) -> "ForbiddenFacts":
        """Those of the present state of `index`."""
        access = index.access()
        held = contents(index) if access.controlled else {}
        audiences = {key: access.audience(*key, digest) for key, digest in held.items()}
        named = {name for audience in audiences.values() for groups in audience for name in groups} - {PUBLIC, NOBODY}
        askers = {(), *(example.groups for example in examples), *((name,) for name in named)}
        return cls(index, _by_document(examples, audiences), audiences, sorted(askers))

    @property
    def documents(self) -> list[DocumentKey]:
        """Those that somebody who asks may not see: first those that the examples ask about, else in no order."""
        blind = (key for key in self.audiences if any(self._blind_to(key)))
        return sorted(blind, key=lambda key: (key not in self.examples, _mixed(key)))

    def questions(self, most: int) -> Iterator[ForbiddenQuestion]:
        """At most `most`: one about each document before a second about any, each for another asker."""
        askers = [
            [(key, groups) for groups in _turned(list(self._blind_to(key)), place)]
            for place, key in enumerate(self.documents)
        ]
        rounds = (pair for pair in chain.from_iterable(zip_longest(*askers)) if pair is not None)
        made = (self._question(key, groups) for key, groups in rounds)
        yield from islice((question for question in made if question is not None), most)

    def shown_by(self, answer: Answer, asked: ForbiddenQuestion) -> str:
        """The document that `answer` shows although the asker may not see it; empty where there is none."""
        who = member_of(asked.groups)
        for source in answer.source_documents:
            for document in (source.document, *source.also_in):
                if not self._may_see(who, source.source, document):
                    return document
        said, given = condensed(answer.response), condensed(" ".join(each["content"] for each in asked.messages))
        for key, known in self._sentences.items():
            if who.sees(self.audiences[key]):
                continue
            for sentence in known:
                short = condensed(sentence)
                if short in said and short not in given and not self._stands_elsewhere(sentence, who):
                    return key[1]
        return ""

    def _blind_to(self, key: DocumentKey) -> Iterator[Groups]:
        return (groups for groups in self.askers if not member_of(groups).sees(self.audiences[key]))

    def _may_see(self, who: Caller, source: str, document: str) -> bool:
        """A document without its source is one that may be seen if any of that path may."""
        found = [key for key in self.audiences if key[1] == document and source in ("", key[0])]
        return not found or any(who.sees(self.audiences[key]) for key in found)

    def _question(self, key: DocumentKey, groups: Groups) -> ForbiddenQuestion | None:
        example, known = self.examples.get(key), self._sentences_of(key)
        if example is not None:
            return ForbiddenQuestion(key[1], groups, tuple(messages_of(example)))
        if not known:
            return None
        words = max(known, key=len).split()
        opening = " ".join(words[: (len(words) + 1) // 2])
        return ForbiddenQuestion(key[1], groups, ({"role": "user", "content": opening},))

    def _sentences_of(self, key: DocumentKey) -> list[str]:
        if key not in self._sentences:
            chunks = self.index.read(key[0], [key[1]])
            found = dict.fromkeys(sentence for chunk in chunks for sentence in sentences(chunk.content or ""))
            self._sentences[key] = [each for each in found if len(condensed(each).encode()) >= SHORTEST]
        return self._sentences[key]

    def _stands_elsewhere(self, sentence: str, who: Caller) -> bool:
        with asked_by(who):
            retriever: Any = self.index.keyword_retriever(top_k=_SEARCHED)
            found = retriever.run(query=sentence)["documents"]
        return any(condensed(sentence) in condensed(chunk.content or "") for chunk in found)


def _by_document(examples: Sequence[Example], held: Collection[DocumentKey]) -> dict[DocumentKey, Example]:
    """The first question that stands alone, of each document that holds all of its evidence."""
    found: dict[DocumentKey, Example] = {}
    by_path: dict[str, list[DocumentKey]] = {}
    for key in held:
        by_path.setdefault(key[1], []).append(key)
    for example in examples:
        places = {(reference.source, reference.document) for reference in example.references}
        if len(places) == len(example.messages) == 1:
            (source, document) = places.pop()
            for key in by_path.get(document, []):
                if source in ("", key[0]):
                    found.setdefault(key, example)
    return found


def _turned(askers: list[Groups], place: int) -> list[Groups]:
    """Beginning at another one for each document."""
    first = place % len(askers)
    return askers[first:] + askers[:first]


def _mixed(key: DocumentKey) -> str:
    return hashlib.sha256("\x1f".join(key).encode()).hexdigest()
