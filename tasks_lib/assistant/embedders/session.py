"""Sessions of ONNX Runtime for models that run in the process."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MAX_THREADS = 4


def open_session(model: bytes) -> "InferenceSession":
    """A session on the processor, for any number of threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(MAX_THREADS, os.cpu_count() or 1)
    options.log_severity_level = 3
    # idle threads would spin on the cores that other threads of this process need (benchmarks/ingestion)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
