"""What a pattern finds: a question, its answer, and the characters of the page that hold it."""

from dataclasses import dataclass

from tasks_lib.dataset.patterns.page import Page


@dataclass(frozen=True)
class Finding:
    """A question that characters `start` to `end` of `page` answer.

    :param made_by: The pattern: `table_cell`, `default`, `purpose`, `option`, `heading`, `definition`, `sentence`.
    :param answer_type: What is asked for: `how_many`, `when`, `which`, …
    :param name: What the question is about, where another of its kind may take its place: the row of a table.
    :param context: Words around the excerpt that say what it is about, such as a table's caption.
    """

    page: Page
    question: str
    answer: str
    start: int
    end: int
    made_by: str
    answer_type: str
    context: str = ""
    name: str = ""

    @property
    def evidence(self) -> str:
        """The excerpt as the document has it."""
        return self.page.text[self.start : self.end]
