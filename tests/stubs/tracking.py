"""Where MLflow's client of this process points."""

import os

import mlflow
import pytest

from tasks_lib.registry.tracking import MLFLOW_URIS


def point_mlflow_at(uri: str) -> None:
    """Tracking and registry. MLflow itself would leave the address in the environment, for tests of other platforms."""
    with pytest.MonkeyPatch.context() as patch:
        for name in MLFLOW_URIS:
            patch.setenv(name, os.environ.get(name, ""))  # remembered, so that it is put back
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
