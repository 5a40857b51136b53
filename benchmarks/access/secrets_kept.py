"""Whether anything of a document shows that the asker may not see: random assignments, asked for the secrets.

``python benchmarks/access/secrets_kept.py [--assignments N] [--ways N] [--http]``. Of each assignment somebody asks for
a secret that is not for them, by so many of the ways below, in turn. Counted are the characters of forbidden secrets in
all that comes back, and forbidden documents that are named. With ``--http`` the ways are the routes of a running
endpoint. After every tenth somebody who may see a document asks by the next way, and must be told.
"""

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from itertools import combinations, cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from endpoint import Routes, endpoint
from library import GROUPS, Page, Place, asker, assigned, ingested, pages, seen

from serving.passages import find_passages, list_documents
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.errors import InputError
from tasks_lib.registry.live import LiveVersion

LISTS = "documents"
"""In the names of ways that tell names of documents only."""
Way = Callable[[Page, tuple[str, ...]], Any]


def ways(place: Place) -> dict[str, Way]:
    """Name → what comes back of a question."""
    assistant = build_assistant(place.settings.rag, place.platform)
    live = LiveVersion("rag-assistant", 1, "run", {}, place.settings.rag, None)

    def messages(page: Page) -> list[Message]:
        return [Message(role="user", content=page.question)]

    def streamed(page: Page, groups: tuple[str, ...]) -> Any:
        stream = assistant.stream(messages(page), (), groups)
        pieces = list(stream)
        return [pieces, stream.answer.payload() if stream.answer else None]

    def again(page: Page, groups: tuple[str, ...]) -> Any:
        said = [*messages(page), Message(role="assistant", content="Which one?")]
        topic, city = page.name.removesuffix(".md").split("/")[::-1]
        asked = Message(role="user", content=f"And of the {topic} in {city.title()}?")
        return assistant.answer([*said, asked], (), groups).payload()

    def narrowed(page: Page, groups: tuple[str, ...]) -> Any:
        try:
            return find_passages(place.platform, live, page.question, [f"document={page.name}"], groups)
        except InputError as error:
            told = f"{error.message} {error.hint}"
            return told.replace(f"document={page.name}", "").replace(repr(page.name), "").replace(page.name, "", 1)

    return {
        "answer, whole": lambda page, groups: assistant.answer(messages(page), (), groups).payload(),
        "answer, streamed": streamed,
        "answer to a follow-up": again,
        "search": lambda page, groups: find_passages(place.platform, live, page.question, (), groups),
        "search within one document, and its error": narrowed,
        "list of documents": lambda _, groups: list_documents(place.platform, live, groups),
    }


def ways_over_http(routes: Routes) -> dict[str, Way]:
    """The same of a running endpoint."""
    return {
        "/predict": routes.predict,
        "/v1/chat/completions": routes.chat,
        "/v1/chat/completions, streamed": lambda page, groups: routes.chat(page, groups, stream=True),
        "/v1/responses": routes.responses,
        "/v1/responses, streamed": lambda page, groups: routes.responses(page, groups, stream=True),
        "/mcp, ask": lambda page, groups: routes.tool("ask", {"question": page.question}, groups),
        "/mcp, search": lambda page, groups: routes.tool("search", {"query": page.question}, groups),
        "/mcp, documents": lambda _, groups: routes.tool("documents", {}, groups),
    }


def main() -> None:
    """Print what was found by each way, and how often somebody who may was told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignments", type=int, default=1000)
    parser.add_argument("--ways", type=int, default=1, help="ways that each assignment is asked by")
    parser.add_argument("--http", action="store_true", help="ask a running endpoint")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng, documents = random.Random(given.seed), pages()
    asked: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    named: Counter[str] = Counter()
    may_know: Counter[str] = Counter()
    told: Counter[str] = Counter()
    started = time.perf_counter()
    with TemporaryDirectory() as folder, ExitStack() as stack:
        place = ingested(Path(folder), documents)
        askers = [groups for number in range(3) for groups in combinations(sorted(GROUPS), number)]
        routes = ways_over_http(stack.enter_context(endpoint(place, askers))) if given.http else ways(place)
        turn = cycle(routes)
        for number in range(given.assignments):
            access, groups = assigned(documents, rng), asker(rng)
            place.put_under(access)
            open_to = seen(access, groups)
            forbidden = [page for page in documents if page.name not in open_to]
            page = rng.choice(forbidden)
            for name in islice(turn, given.ways):
                said = json.dumps(routes[name](page, groups))
                asked[name] += 1
                characters[name] += sum(len(each.secret) for each in forbidden if each.secret in said)
                named[name] += sum(each.name in said for each in forbidden)
            if number % 10 == 9:
                allowed = rng.choice([page for page in documents if page.name in open_to])
                name = list(routes)[number // 10 % len(routes)]
                said = json.dumps(routes[name](allowed, groups))
                may_know[name] += 1
                told[name] += allowed.secret in said or (LISTS in name and allowed.name in said)
            if (number + 1) % 100 == 0:
                print(f"  {number + 1} assignments, {time.perf_counter() - started:.0f} s", flush=True)
    print(f"{given.assignments:,} assignments over {len(documents)} documents, seed {given.seed}")
    for name, count in asked.items():
        print(f"{name:42} {count:6,} asked  {characters[name]} forbidden characters  {named[name]} forbidden names")
        print(f"{'':42} somebody who may see it was told in {told[name]} of {may_know[name]}")


if __name__ == "__main__":
    main()
