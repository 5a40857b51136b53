"""The embedded registry, read from MLflow's sqlite file itself: to import MLflow takes longer than to answer."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import url2pathname

from pydantic import ValidationError

from tasks_lib.config.rag import RagConfig
from tasks_lib.registry.live import LiveVersion
from tasks_lib.sqlite_file import connect_read_only

SQLITE = "sqlite:///"
VERSION = """
SELECT v.version, v.run_id, v.storage_location, e.experiment_id
FROM registered_model_aliases a
JOIN model_versions v ON v.workspace = a.workspace AND v.name = a.name AND v.version = a.version
JOIN experiments e ON e.workspace = a.workspace AND e.name = a.name AND e.lifecycle_stage = 'active'
WHERE a.workspace = 'default' AND a.name = :model AND a.alias = :alias AND v.storage_location LIKE 'file:///%'
"""
TAGS = """
SELECT key, value FROM model_version_tags WHERE workspace = 'default' AND name = :model AND version = :version
"""


def read_live(tracking_uri: str, model: str, alias: str) -> LiveVersion | None:
    """The version behind `alias`, if all of it stands where this project writes it, in the schema that this code knows.

    `None` says nothing: MLflow's client is asked then, which knows other stores, migrates older ones and says what is
    missing.
    """
    path = Path(tracking_uri.removeprefix(SQLITE))
    if not path.is_absolute() or "?" in tracking_uri or "%" in tracking_uri or os.environ.get("MLFLOW_WORKSPACE"):
        return None
    try:
        with closing(connect_read_only(path)) as connection:
            row = connection.execute(VERSION, {"model": model, "alias": alias}).fetchone()
            if row is None:
                return None
            version, run_id, location, experiment = row
            tags = dict(connection.execute(TAGS, {"model": model, "version": version}))
        config = _config(location)
        return LiveVersion(
            model=model,
            version=int(version),
            run_id=run_id or "",
            tags=tags,
            rag=RagConfig.model_validate(config["rag"]),
            index_version=config.get("index_version"),
            experiment_id=str(experiment),
            folder=location,
        )
    except (sqlite3.Error, OSError, KeyError, TypeError, ValueError, ValidationError):
        return None


def _config(location: str) -> dict[str, Any]:
    """The `model_config` of the version whose artifacts lie there.

    :raises ValueError: If their description is no YAML.
    """
    import yaml

    text = Path(url2pathname(location.removeprefix("file://")), "MLmodel").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        config: dict[str, Any] = loader.get_single_data()["flavors"]["python_function"]["config"]
    except yaml.YAMLError as error:
        raise ValueError(location) from error
    return config
