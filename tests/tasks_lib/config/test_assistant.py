"""What follows from the name of an assistant."""

from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.config.load import for_assistant, load_settings
from tasks_lib.config.settings import DEFAULT_ASSISTANT, Settings
from tasks_lib.errors import ConfigurationError

names = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,62}\Z")
old_names = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\Z")


def test_nobody_names_an_assistant() -> None:
    settings = load_settings()
    assert (settings.assistant, settings.collection) == (DEFAULT_ASSISTANT, "documents")
    assert not settings.names_an_assistant


@given(names)
def test_the_collection_follows_the_name_and_does_not_count_as_given(name: str) -> None:
    settings = for_assistant(None, name)
    assert settings.assistant == name
    assert settings.collection == ("documents" if name == DEFAULT_ASSISTANT else name)
    assert "collection" not in settings.model_fields_set
    assert Settings.model_validate(settings.model_dump(exclude_unset=True)) == settings


@given(old_names)
def test_the_old_key_names_an_assistant_and_keeps_its_documents(name: str) -> None:
    settings = load_settings(overrides=[f"gate.model_name='{name}'"])
    assert (settings.assistant, settings.collection) == (name, "documents")


def test_a_collection_that_is_given_stays() -> None:
    settings = load_settings(overrides=["assistant=docs", "collection=handbook"])
    assert (settings.assistant, settings.rag.collection) == ("docs", "handbook")


def test_two_names_are_refused_with_both() -> None:
    with pytest.raises(ConfigurationError, match="'docs' and gate.model_name 'staff'"):
        load_settings(overrides=["assistant=docs", "gate.model_name=staff"])
    with pytest.raises(ConfigurationError, match="'staff' and settings.assistant 'docs'"):
        for_assistant(Settings(assistant="docs"), "staff")


@given(names, names)
def test_a_flag_and_a_configuration_name_the_same_assistant_or_none(flag: str, configured: str) -> None:
    load = partial(load_settings, overrides=[f"assistant='{configured}'"], flags={"assistant": flag})
    if flag == configured:
        assert load().assistant == flag
    else:
        with pytest.raises(ConfigurationError, match=f"--assistant '{flag}' and assistant '{configured}'"):
            load()


def test_the_last_layer_says_which_assistant_the_configuration_names(tmp_path: Path) -> None:
    file = tmp_path / "docs.yaml"
    file.write_text("assistant: docs\n", encoding="utf-8")
    given = {"files": [str(file)], "overrides": ["assistant=staff"]}
    assert load_settings(**given, flags={"assistant": "staff"}).assistant == "staff"
    with pytest.raises(ConfigurationError, match="'docs' and assistant 'staff'"):
        load_settings(**given, flags={"assistant": "docs"})


@pytest.mark.parametrize("name", ["", "-docs", "do cs", "docs/1", "ä", "a" * 64, "Docs", "a_b", "a.b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="assistant"):
        for_assistant(None, name)
