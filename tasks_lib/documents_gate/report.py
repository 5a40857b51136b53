"""What became of a change of documents, as Markdown."""

from tasks_lib.documents_gate.decision import WorseQuestion
from tasks_lib.documents_gate.publish import ReleaseResult

NAMED = 20
"""Documents of a kind, and questions, that are named."""
EXCERPT = 300


def release_report(result: ReleaseResult) -> str:
    """Decision, reasons, what changed, and the questions that got worse with what was said before and after."""
    changes = [f"- {kind}: {_named(paths)}" for kind, paths in result.changes.model_dump().items() if paths]
    asked = result.questions
    parts = [
        f"## Documents: {result.decision}",
        "\n".join(f"- {_line(reason)}" for reason in result.reasons),
        "### What changed\n\n" + "\n".join(changes) if changes else "",
        f"{asked.asked} of {asked.of} questions could be touched, and were asked on both states." if asked.of else "",
        "### Questions that got worse\n\n" + "\n\n".join(map(_worse, asked.worse[:NAMED])) if asked.worse else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _worse(question: WorseQuestion) -> str:
    lines = [
        f"**{_line(question.question)}**",
        f"- before: {_line(question.before)}",
        f"- now: {_line(question.after)}",
    ]
    return "\n".join([*lines, *([f"- because of: {_named(question.documents)}"] if question.documents else [])])


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else ""
    return ", ".join(f"`{path}`" for path in paths[:NAMED]) + more


def _line(text: str) -> str:
    """One line, in which the text's own marks are no Markdown of the report."""
    line = " ".join(text.split())
    return (line if len(line) <= EXCERPT else f"{line[:EXCERPT]}…").replace("<", "&lt;")
