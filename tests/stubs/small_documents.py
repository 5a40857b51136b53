"""Small folders of documents, each about a world of its own: what is said of one thing is said nowhere else."""

from pathlib import Path

WORLDS = {
    "docs": (
        "the harbour",
        ["hoist motor", "slewing gear", "anchor winch", "boom light", "brake lining", "oil filter"],
    ),
    "staff": (
        "the bakery",
        ["annual leave", "night shift", "oven training", "uniform", "travel card", "birthday cake"],
    ),
    "it": ("the computers", ["laptop", "mail server", "badge printer", "backup drive", "guest network", "keyboard"]),
}


def write_documents(folder: Path, name: str) -> Path:
    """Write the documents of one of :data:`WORLDS` into a folder of its name."""
    world, things = WORLDS[name]
    root = folder / name
    root.mkdir(parents=True)
    for number, thing in enumerate(things):
        text = (
            f"# {thing.capitalize()} in {world}\n\n## Rules of the {thing}\n\n"
            f"The {thing} is checked every {number + 11} days by the team in building {number + 2}. "
            f"Repairs of the {thing} cost {number * 17 + 120} euros and are paid within {number + 5} weeks.\n\n"
            f"## Who decides about the {thing}\n\n"
            f"The {thing} belongs to the department {chr(65 + number)} since {1990 + number}. "
            f"Questions about the {thing} go to the office on floor {number + 3}.\n"
        )
        (root / f"{thing.replace(' ', '-')}.md").write_text(text, encoding="utf-8")
    return root
