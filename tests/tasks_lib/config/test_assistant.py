"""What follows from the name of an assistant."""

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


@pytest.mark.parametrize("name", ["", "-docs", "do cs", "docs/1", "ä", "a" * 64, "Docs", "a_b", "a.b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="assistant"):
        for_assistant(None, name)
