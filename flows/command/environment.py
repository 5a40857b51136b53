"""What the process environment must say before Prefect, MLflow and Haystack are imported."""

import os
import tomllib
from pathlib import Path

from tasks_lib.home import Home

QUIET = {
    "DO_NOT_TRACK": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    # without it, MLflow's dependency litellm downloads a price list when it is imported, and can hang doing so
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_GENAI_EVAL_SKIP_TRACE_VALIDATION": "True",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "TQDM_DISABLE": "1",
}


def prepare(*, verbose: bool = False) -> Home:
    """Quiet the packages and, unless a Prefect server is configured, keep Prefect's state below the home."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if verbose:
        os.environ["PREFECT_LOGGING_LEVEL"] = "INFO"
        os.environ["MLFLOW_LOGGING_LEVEL"] = "INFO"
    home = Home.from_environment()
    if not _prefect_server_is_configured():
        os.environ.setdefault("PREFECT_HOME", str(home.prefect))
        os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "true")
    return home


def _prefect_server_is_configured() -> bool:
    """Whether ``PREFECT_API_URL`` or the active Prefect profile names a server; they win over the embedded one."""
    if os.environ.get("PREFECT_API_URL"):
        return True
    prefect_home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH") or prefect_home / "profiles.toml").expanduser()
    try:
        content = tomllib.loads(profiles.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return False
    active = os.environ.get("PREFECT_PROFILE") or content.get("active")
    profile = content.get("profiles", {}).get(active, {})
    return bool(profile.get("PREFECT_API_URL"))
