"""``indexing_pipeline``: what happens to a document, from the bytes of its file to chunks with vectors."""

import hashlib
import json
from pathlib import Path
from typing import Any

from haystack import Pipeline
from haystack.core.component import Component
from haystack.core.serialization import component_to_dict

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError
from tasks_lib.haystack_yaml import build_component, read_pipeline, sockets_of
from tasks_lib.ingestion.converters.components import ConverterBySuffix, FormatConverter
from tasks_lib.ingestion.converters.convert import FORMATS
from tasks_lib.ingestion.embedding import ChunkEmbedder
from tasks_lib.ingestion.masking import PersonalDataMasker
from tasks_lib.ingestion.splitters import ChunkSplitter, SplitterWithSpans


def indexing_pipeline(platform: Platform, settings: Settings) -> Pipeline:
    """Files → converter by suffix → masking → splitter → embedder → chunks.

    It takes the files of a batch as `sources`, and gives the chunks as `documents`, with `vectors` beside them. A file
    that cannot be converted, masked or cut is in the output `failed` of that component.

    :raises ConfigurationError: If a component or pipeline that `settings` name cannot be made or does not fit.
    """
    embedder = platform.embedder(settings.embedder)
    if settings.ingest.pipeline is not None:
        return _given_pipeline(settings.ingest.pipeline, embedder, settings)
    parts: dict[str, Component] = {"converter": ConverterBySuffix(converters=_converters(settings))}
    if settings.ingest.mask_pii:
        config = settings.guardrails.personal_data
        parts["masker"] = PersonalDataMasker(
            entities=config.entities,
            score_threshold=config.score_threshold,
            allow=config.allow,
            time_limit=config.time_limit,
        )
    parts["splitter"] = _splitter(embedder, settings)
    parts["embedder"] = ChunkEmbedder(embedder=embedder)
    pipeline = Pipeline()
    pipeline.add_components(parts)
    for sender, receiver in zip(parts, list(parts)[1:], strict=False):
        pipeline.connect(f"{sender}.documents", f"{receiver}.documents")
    return pipeline


def output_component(pipeline: Pipeline) -> str:
    """Name of the component whose `documents` are the chunks: nothing in the pipeline takes them.

    :raises ConfigurationError: If there is none, or are several.
    """
    ends = [name for name, sockets in pipeline.outputs().items() if "documents" in sockets]
    if len(ends) != 1:
        raise ConfigurationError(
            f"ingest.pipeline must end in one component that gives `documents`; these do: {', '.join(ends) or 'none'}",
            hint="Connect the others; `llmops pipeline show indexing` prints a pipeline to begin with.",
        )
    return ends[0]


def understood_suffixes(pipeline: Pipeline) -> frozenset[str]:
    """Suffixes of the files that `pipeline` converts; those of the built-in formats where it does not tell."""
    declared = [
        suffix for part in _parts(pipeline) if isinstance(part, ConverterBySuffix) for suffix in part.converters
    ]
    return frozenset(declared or FORMATS)


def known_suffixes(config: IngestConfig) -> frozenset[str]:
    """Suffixes of the files that are understood by configuration, as far as it can be told without a platform."""
    return frozenset({*FORMATS, *config.converters})


def pipeline_key(platform: Platform, settings: Settings) -> str:
    """Digest of the pipeline in `ingest.pipeline`; empty where it is the one that would be built without that key."""
    if settings.ingest.pipeline is None:
        return ""
    without = settings.model_copy(update={"ingest": settings.ingest.model_copy(update={"pipeline": None})})
    given, built = (indexing_pipeline(platform, each).to_dict() for each in (settings, without))
    return "" if given == built else hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


def _converters(settings: Settings) -> dict[str, Component]:
    config = settings.ingest
    converters: dict[str, Component] = {
        suffix: FormatConverter(file_format=file_format, comments=config.comments, hidden=config.hidden)
        for suffix, file_format in FORMATS.items()
    }
    for suffix, named in config.converters.items():
        key = f"ingest.converters {suffix}"
        converter = build_component(named, settings.pipelines.allowed_modules, key)
        _require(converter, key, "converter", "sources")
        converters[suffix] = converter
    return converters


def _splitter(embedder: Embedder, settings: Settings) -> Component:
    chunking = settings.chunking
    if chunking.splitter is None:
        made: Component = ChunkSplitter(
            embedder=embedder, tokens=chunking.tokens, overlap=chunking.overlap, strategy=chunking.strategy
        )
        return made
    splitter = build_component(chunking.splitter, settings.pipelines.allowed_modules, "chunking.splitter")
    _require(splitter, "chunking.splitter", "splitter", "documents")
    wrapped: Component = SplitterWithSpans(splitter=splitter)
    return wrapped


def _require(part: Component, key: str, role: str, taken: str) -> None:
    """Refuse a component that does not take `taken` alone, or gives no `documents`."""
    sockets = sockets_of(part)
    if taken not in sockets.inputs or not {taken}.issuperset(sockets.needed) or "documents" not in sockets.outputs:
        raise ConfigurationError(
            f"{key} names {type(part).__name__}, which is no {role}: "
            f"it takes {', '.join(sockets.inputs) or 'nothing'} and gives {', '.join(sockets.outputs) or 'nothing'}",
            hint=f"Name a component that takes `{taken}` and gives `documents`.",
        )


def _given_pipeline(file: str, embedder: Embedder, settings: Settings) -> Pipeline:
    """The pipeline of a file, as far as it fits the rest of the configuration."""
    pipeline = read_pipeline(Path(file).expanduser(), settings.pipelines.allowed_modules, "ingest.pipeline")
    output_component(pipeline)
    sockets = {name: socket for inputs in pipeline.inputs().values() for name, socket in inputs.items()}
    needed = {name for name, socket in sockets.items() if socket["is_mandatory"]}
    if "sources" not in sockets or needed != {"sources"}:
        raise ConfigurationError(
            f"{file!r} (ingest.pipeline) needs {', '.join(sorted(needed)) or 'nothing'}, not `sources` alone",
            hint="Let it begin with converters that take `sources`, and connect the other inputs.",
        )
    if settings.ingest.mask_pii and not any(isinstance(part, PersonalDataMasker) for part in _parts(pipeline)):
        raise ConfigurationError(
            f"ingest.mask_pii is on, and {file!r} (ingest.pipeline) has no PersonalDataMasker",
            hint="Put the component in, as `llmops pipeline show indexing` prints it with ingest.mask_pii.",
        )
    expected = component_to_dict(ChunkEmbedder(embedder=embedder), "embedder")
    for part in _parts(pipeline):
        if isinstance(part, ChunkEmbedder) and component_to_dict(part, "embedder") != expected:
            raise ConfigurationError(
                f"{file!r} (ingest.pipeline) embeds by another model than {settings.embedder!r} (embedder), "
                "by which questions are embedded",
                hint="Name the same model in both.",
            )
    return pipeline


def _parts(pipeline: Pipeline) -> list[Any]:
    return [part for _, part in pipeline.walk()]
