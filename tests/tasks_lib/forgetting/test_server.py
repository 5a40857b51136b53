"""What lies on a server or in a bucket: taken out through MLflow's interface, as far as that reaches."""

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import mlflow
import pytest
from moto.server import ThreadedMotoServer

from blocks.local import LocalPlatform
from tasks_lib.forgetting.needles import GONE, of_value
from tasks_lib.forgetting.server import parameters_with, redact_artifacts, redact_tags
from tasks_lib.home import Home
from tasks_lib.registry.assistant_client import AssistantClient
from tasks_lib.registry.tracking import connect
from tests.stubs.tracking import point_mlflow_at

NAME = "Wilhelmina Quarkstein"
BUCKET = "artifacts-of-runs"
"""Of these tests alone: moto keeps the buckets of a process when a server of it stops."""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of an S3 server with a bucket."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "MLFLOW_S3_ENDPOINT_URL": endpoint,
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket=BUCKET)
    yield endpoint
    server.stop()


@pytest.fixture
def client(
    tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AssistantClient]:
    monkeypatch.setenv("LLMOPS_HOME", str(tmp_path / "home"))
    before = mlflow.get_tracking_uri()
    yield connect(LocalPlatform(tracked_home(tmp_path / "home")), "rag-assistant")
    point_mlflow_at(before)


def test_artifacts_in_a_bucket_lose_it_or_go(client: AssistantClient, bucket: str) -> None:
    experiment = client.create_experiment("elsewhere", f"s3://{BUCKET}/artifacts")
    with mlflow.start_run(experiment_id=experiment):
        mlflow.log_text(f"<p>{NAME}</p>", "report/index.html")
        mlflow.log_text("annual leave", "report/other.txt")
    s3 = boto3.client("s3", endpoint_url=bucket)
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    s3.put_object(Bucket=BUCKET, Key=keys[0].replace("index.html", "chart.png"), Body=b"\xff\xfe" + NAME.encode())
    assert redact_artifacts(client, of_value(NAME), only_count=True) == 2
    assert redact_artifacts(client, of_value(NAME)) == 2
    left = {
        entry["Key"].rpartition("/")[2]: s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
        for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    }
    assert left == {"index.html": f"<p>{GONE}</p>".encode(), "other.txt": b"annual leave"}
    assert redact_artifacts(client, of_value(NAME)) == 0


def test_tags_and_descriptions_lose_it_and_parameters_are_counted(client: AssistantClient) -> None:
    mlflow.set_experiment(experiment_id=client.experiment_id)
    with mlflow.start_run(tags={"note": f"by {NAME}", "other": "1"}) as run:
        mlflow.log_param("who", NAME)
    client.create_registered_model("prompt", description=f"of {NAME}", tags={"text": f"Answer as {NAME} would."})
    client.create_model_version("prompt", "s3://bucket/x", description=NAME, tags={"mlflow.prompt.text": NAME})
    assert redact_tags(client, of_value(NAME), only_count=True) == 5
    assert redact_tags(client, of_value(NAME)) == 5
    assert client.get_run(run.info.run_id).data.tags["note"] == f"by {GONE}"
    assert client.get_registered_model("prompt").tags["text"] == f"Answer as {GONE} would."
    assert client.get_model_version("prompt", "1").description == GONE
    assert redact_tags(client, of_value(NAME)) == 0
    assert parameters_with(client, of_value(NAME)) == 1
