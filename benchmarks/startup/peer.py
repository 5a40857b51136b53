"""What a user could write instead of `llmops ask`: a search of the same index in one process, with Haystack.

`python benchmarks/startup/peer.py "A question"` prints the passages of the default index below ``LLMOPS_HOME``. There
are no guardrails, no answer out of sentences, no refusal, no trace and no process of its own.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import lancedb
from haystack import Pipeline, component

from tasks_lib.assistant.embedders.minilm import MiniLM


@component
class Embed:
    """The question's vector."""

    @component.output_types(vector=Any)
    def run(self, question: str) -> dict[str, Any]:
        """Embed the question."""
        return {"vector": MiniLM().embed([question])[0]}


@component
class Search:
    """The nearest passages."""

    @component.output_types(passages=list[str])
    def run(self, vector: Any) -> dict[str, list[str]]:
        """Search the only index."""
        folder = Path(os.environ["LLMOPS_HOME"]) / "lancedb"
        (name,) = {path.stem for path in folder.glob("*__*.lance") if "." not in path.stem}
        rows = lancedb.connect(str(folder)).open_table(name).search(vector).limit(3).to_list()
        return {"passages": [row["content"] for row in rows]}


pipeline = Pipeline()
pipeline.add_component("embed", Embed())
pipeline.add_component("search", Search())
pipeline.connect("embed.vector", "search.vector")
sys.stdout.write(json.dumps(pipeline.run({"question": sys.argv[1]})["search"]) + "\n")
