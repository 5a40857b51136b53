"""Two hundred documents of which each has a secret sentence of its own, and who may see which."""

import random
import string
from dataclasses import dataclass
from pathlib import Path

from tasks_lib.quiet import keep_quiet

keep_quiet()

from blocks.local import LocalPlatform  # noqa: E402
from flows.ingest import synchronise  # noqa: E402
from tasks_lib.assistant.contract.access import NO_CONTROL, DocumentAccess, Groups, member_of  # noqa: E402
from tasks_lib.assistant.contract.index import Index  # noqa: E402
from tasks_lib.config.settings import Settings  # noqa: E402
from tasks_lib.home import Home  # noqa: E402

TOPICS = [
    *("locker", "alarm", "archive", "garage", "boiler", "canteen", "printer", "server", "safe", "workshop"),
    *("laboratory", "roof", "ferry", "warehouse", "theatre", "greenhouse", "pool", "elevator", "library", "antenna"),
]
CITIES = ["Oslo", "Turin", "Ghent", "Porto", "Graz", "Leeds", "Malmo", "Lyon", "Riga", "Cork"]
GROUPS = [f"team{number}" for number in range(8)]
LETTERS = 24
"""Of a secret, which no question holds."""


@dataclass(frozen=True)
class Page:
    """A document."""

    name: str
    question: str
    text: str
    secret: str


def pages(seed: int = 0) -> list[Page]:
    """A page for each topic in each city; all share their words but for the secret."""
    rng = random.Random(seed)
    made = []
    for topic in TOPICS:
        for city in CITIES:
            secret = "".join(rng.choices(string.ascii_lowercase, k=LETTERS))
            text = (
                f"# The {topic} in {city}\n\nThe {topic} in {city} is open from {rng.randint(6, 9)} to "
                f"{rng.randint(16, 22)} on working days.\n\nThe code of the {topic} in {city} is {secret}.\n\n"
                f"Ask the office in {city} when the {topic} does not open.\n"
            )
            question = f"What is the code of the {topic} in {city}?"
            made.append(Page(f"{city.lower()}/{topic}.md", question, text, secret))
    return made


@dataclass(frozen=True)
class Place:
    """A platform of its own, with its index."""

    platform: LocalPlatform
    settings: Settings
    source: str

    @property
    def index(self) -> Index:
        """The index as it is now."""
        return self.platform.index(self.settings.rag)

    def put_under(self, access: dict[str, Groups]) -> None:
        """Say who may see the documents that are here."""
        held = self.index.manifest(self.source)
        stated = {name: DocumentAccess(access[name], digest) for name, digest in held.items()}
        self.index.save_access(NO_CONTROL.with_sync(self.source, stated))


def ingested(folder: Path, documents: list[Page]) -> Place:
    """The documents as a sync brings them in, embedded by the default embedder."""
    for page in documents:
        file = folder / "documents" / page.name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page.text)
    settings = Settings.model_validate({"ingest": {"source": str(folder / "documents")}, "index": {"follow": "latest"}})
    platform = LocalPlatform(Home(folder / "home"))
    synchronise(platform, settings)
    (source,) = platform.index(settings.rag).info().sources
    return Place(platform, settings, source)


def assigned(documents: list[Page], rng: random.Random) -> dict[str, Groups]:
    """Who may see what, by chance: a tenth is for nobody, a fifth for everybody, the rest for up to three teams."""
    given: dict[str, Groups] = {}
    for page in documents:
        drawn = rng.random()
        if drawn < 0.1:
            given[page.name] = ("nobody",)
        elif drawn < 0.3:
            given[page.name] = ("public",)
        else:
            given[page.name] = tuple(sorted(rng.sample(GROUPS, rng.randint(1, 3))))
    return given


def asker(rng: random.Random) -> tuple[str, ...]:
    """Somebody of up to two teams."""
    return tuple(sorted(rng.sample(GROUPS, rng.randint(0, 2))))


def seen(access: dict[str, Groups], groups: tuple[str, ...]) -> set[str]:
    """Documents that somebody in `groups` may see."""
    caller = member_of(groups)
    return {name for name, needed in access.items() if caller.may(needed)}
