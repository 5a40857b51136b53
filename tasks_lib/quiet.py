"""Environment variables that keep the packages from calling home and from chatting, before they are imported."""

import os
import sys
from pathlib import Path

QUIET = {
    "DO_NOT_TRACK": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    # without it, MLflow's dependency litellm downloads a price list when it is imported, and can hang doing so
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}


def keep_quiet() -> None:
    """Set what the user has not set."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def keep_nltk_offline() -> None:
    """To be called before `guardrails` is imported, which downloads the tokenizer punkt where nltk knows none.

    The folder that nltk is told of holds an empty one. Real data in other folders is still found.
    """
    folder = str(Path(__file__).parent / "assistant" / "guardrails" / "data" / "nltk")
    known = [name for name in os.environ.get("NLTK_DATA", "").split(os.pathsep) if name]
    if folder not in known:
        os.environ["NLTK_DATA"] = os.pathsep.join([*known, folder])
        if "nltk" in sys.modules:
            sys.modules["nltk"].data.path.append(folder)
