"""A user's folder that holds modules of our packages' names, as `llmops` is run from it."""

import os
from pathlib import Path

from llmops_flows import PACKAGES

NAMES = (*PACKAGES, "examples", "tests")


def write_namesakes(folder: Path) -> None:
    """Half of them as modules, half as packages; importing one fails."""
    for number, name in enumerate(NAMES):
        file = folder / name / "__init__.py" if number % 2 else folder / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"raise ImportError('{name} of the user')\n")


def searched_before_ours(folder: Path) -> dict[str, str]:
    """`PYTHONPATH` with this folder first."""
    write_namesakes(folder)
    return {"PYTHONPATH": os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])}
