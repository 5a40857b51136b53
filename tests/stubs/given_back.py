"""Runs a search or assistant pipeline from its YAML: `python -m tests.stubs.given_back FILE QUESTION`, in JSON."""

import json
import sys
from pathlib import Path

from haystack import Pipeline

from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.contract.sources import source_of
from tasks_lib.assistant.retrieval.pipeline import PASSAGES, inputs_of

file, question = sys.argv[1:]
pipeline = Pipeline.loads(Path(file).read_text(encoding="utf-8"), allowed_modules=["tasks_lib.*", "blocks.*"])
if "answer" in pipeline.graph.nodes:
    result = Assistant(pipeline).answer([Message(role="user", content=question)]).payload()
else:
    documents = pipeline.run(inputs_of(pipeline, question))[PASSAGES]["documents"]
    result = [source_of(document).model_dump(mode="json") for document in documents]
sys.stdout.write(json.dumps(result))
