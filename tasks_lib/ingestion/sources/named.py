"""One of the sources that the configuration names, chosen by its name."""

from tasks_lib.config.settings import Settings
from tasks_lib.config.sources import SourceConfig
from tasks_lib.errors import InputError


def with_chosen_source(settings: Settings) -> Settings:
    """The settings with the path and the globs of the source that `ingest.source` names; a path stays what it is.

    :raises InputError: If the configuration names sources, and none was chosen.
    """
    config = settings.ingest
    if config.source is None and config.sources:
        raise InputError(
            f"the configuration names {len(config.sources)} sources: {', '.join(one.name for one in config.sources)}",
            hint="Choose one with --source NAME; `llmops bootstrap` gives each the schedule that it names.",
        )
    chosen = next((one for one in config.sources if one.name == config.source), None)
    return settings if chosen is None else of_source(settings, chosen)


def of_source(settings: Settings, source: SourceConfig) -> Settings:
    """The settings of a run that ingests this source, without the list of all."""
    given = settings.model_dump(exclude_unset=True)
    ingest = {key: value for key, value in given.get("ingest", {}).items() if key != "sources"}
    globs = {"include": source.include} if source.include else {}
    return Settings.model_validate({**given, "ingest": {**ingest, "source": source.source, **globs}})
