"""Environment variables that keep the packages from calling home and from chatting, before they are imported.

A variable that is empty, as `${NAME:-}` of a compose file or of a CI job leaves it, is one that was not set: Prefect
would keep its databases in the folder we work in, and OpenAI's client would call no address. A carriage return at the
end, or a byte order mark before, comes from a file that was written on Windows, and belongs to no value.
"""

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


READ_HERE = (
    *("AWS_", "HAYSTACK_", "LITELLM_", "LLMOPS_", "MLFLOW_", "OLLAMA_", "OPENAI_", "OTEL_", "PREFECT_", "WEAVIATE_"),
    *("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)
"""How the variables begin that we, or the packages that we configure, read."""
OF_FILES = "\r\n\ufeff"
"""What files add around a value."""


def keep_quiet() -> None:
    """Set what the user has not set."""
    tidy()
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def tidy() -> None:
    """Leave of our variables what was meant: no line ends around a value, and no empty ones."""
    for name in [name for name in os.environ if name.startswith(READ_HERE)]:
        value = os.environ[name].strip(OF_FILES)
        if not value.strip():
            del os.environ[name]
        elif value != os.environ[name]:
            os.environ[name] = value


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
