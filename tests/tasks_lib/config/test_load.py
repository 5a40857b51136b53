"""Layers of configuration and what is said about wrong ones."""

from pathlib import Path

import pytest

from tasks_lib.config.load import load_settings
from tasks_lib.errors import ConfigurationError


@pytest.fixture
def layers(tmp_path: Path) -> list[str]:
    """Two files: the second changes one key of a section that the first sets."""
    base = tmp_path / "base.yaml"
    base.write_text("retriever:\n  top_k: 3\n  mode: vector\ncollection: base\n")
    prod = tmp_path / "prod.yaml"
    prod.write_text("retriever:\n  top_k: 7\n")
    return [str(base), str(prod)]


def test_later_files_win_and_keep_other_keys_of_a_section(layers: list[str]) -> None:
    settings = load_settings(layers)
    assert (settings.retriever.top_k, settings.retriever.mode, settings.collection) == (7, "vector", "base")


def test_set_wins_over_files_and_flags_win_over_set(layers: list[str]) -> None:
    settings = load_settings(layers, ["retriever.top_k=9", "ingest.source=/a"], {"ingest.source": "/b"})
    assert (settings.retriever.top_k, settings.ingest.source) == (9, "/b")


def test_environment_is_below_files(layers: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMOPS_RETRIEVER__TOP_K", "11")
    monkeypatch.setenv("LLMOPS_RETRIEVER__MODE", "keyword")
    assert load_settings(layers).retriever.top_k == 7
    assert load_settings().retriever.mode == "keyword"


def test_flags_that_are_not_given_change_nothing() -> None:
    assert load_settings(flags={"ingest.source": None}) == load_settings()


def test_thresholds_merge_over_defaults_and_null_takes_one_away() -> None:
    gate = load_settings(overrides=["gate.thresholds.groundedness=null", "gate.thresholds.answer_f1=0.4"]).gate
    assert "groundedness" not in gate.limits
    assert gate.limits["answer_f1"] == 0.4
    assert "retrieval_recall" in gate.limits
    assert type(gate).model_validate(gate.model_dump()).limits == gate.limits


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("retreiver.top_k=3", "'retriever'"),
        ("retriever.topk=3", "'retriever.top_k'"),
        ("top_k=3", "'retriever.top_k'"),
        ("gate.thresold={}", "'gate.thresholds'"),
    ],
)
def test_unknown_key_names_the_nearest_valid_one(override: str, expected: str) -> None:
    with pytest.raises(ConfigurationError, match="unknown key") as caught:
        load_settings(overrides=[override])
    assert expected in caught.value.hint


def test_unknown_key_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMOPS_RETRIEVER__TOPK", "3")
    with pytest.raises(ConfigurationError, match=r"retriever\.topk"):
        load_settings()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("retriever.top_k=0", r"retriever\.top_k: .*greater than or equal to 1 \(got 0\)"),
        ("chunking.overlap=500", r"overlap 500 must be smaller than tokens \d+"),
        ("just-a-word", "not of the form key.path=value"),
        ("llm.model=gpt", r"llm\.model"),
    ],
)
def test_wrong_value_is_named(override: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load_settings(overrides=[override])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"retriever: [1\n", "line 2"),
        (b"- a\n- b\n", "list"),
        (b"\xff\xfe\x00bad", "not UTF-8"),
    ],
)
def test_unreadable_file_is_named_with_the_place(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        load_settings([str(file)])
    assert "bad.yaml" in caught.value.message


def test_missing_file_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_settings(["/nowhere/config.yaml"])


def test_moment_without_timezone_is_utc() -> None:
    since = load_settings(overrides=["monitor.since=2026-01-01"]).monitor.since
    assert since is not None
    assert since.isoformat() == "2026-01-01T00:00:00+00:00"


def test_index_name_follows_embedder_and_chunking_only() -> None:
    base = load_settings()
    assert load_settings(overrides=["retriever.top_k=9"]).index_name == base.index_name
    assert load_settings(overrides=["chunking.tokens=99"]).index_name != base.index_name
    assert load_settings(overrides=["collection=other"]).index_name != base.index_name


def test_files_are_read_from_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client = boto3.client("s3")
        client.create_bucket(Bucket="configurations")
        client.put_object(Bucket="configurations", Key="prod.yaml", Body=b"retriever:\n  top_k: 6\n")
        assert load_settings(["s3://configurations/prod.yaml"]).retriever.top_k == 6
        with pytest.raises(ConfigurationError, match="s3://configurations/missing.yaml"):
            load_settings(["s3://configurations/missing.yaml"])
    finally:
        server.stop()


def test_a_password_belongs_into_the_environment_not_into_the_configuration() -> None:
    storage = load_settings(overrides=["serve.limits_storage=redis://host:6379"]).serve.limits_storage
    assert storage == "redis://host:6379"
    with pytest.raises(ConfigurationError, match="LLMOPS_LIMITS_STORAGE") as caught:
        load_settings(overrides=["serve.limits_storage=redis://:secret@host:6379"])
    assert "secret" not in str(caught.value)
