"""``ServeConfig``, ``ReviewConfig`` and ``UpConfig``: the sections of what listens."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from tasks_lib.config.oidc import OidcConfig
from tasks_lib.config.strict import StrictModel


def _origin(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/?#@\s]+", text):
        msg = (
            f"{text!r} is no origin; write scheme, host and port as a browser does, as in https://intranet.example.org"
        )
        raise ValueError(msg)
    return text


Origin = Annotated[str, AfterValidator(_origin)]
"""Scheme, host and, where it is not the scheme's own, port of a page."""


class ServeConfig(StrictModel):
    """The endpoint."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1024, le=65_535, description="LitServe listens on no port below 1024.")
    assistants: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(), description='Assistants that are served: their names, or "*" for all in production; empty for one.'
    )
    workers: int = Field(default=1, ge=1, le=64, description="Processes that answer, for each assistant.")
    timeout_seconds: float = Field(default=60.0, gt=0, description="Deadline of one answer.")
    slots: int = Field(
        default=16, ge=1, le=1024, description="Answers under way at a time, for each assistant; beyond that 429."
    )
    poll_seconds: float = Field(default=10.0, gt=0, description="Time between two looks at the production alias.")
    origins: tuple[Origin, ...] = Field(
        default=(), description="Origins whose pages may call the endpoint from a browser (CORS); empty for none."
    )
    hosts: tuple[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")], ...] = Field(
        default=(),
        description="Names, beside localhost and 127.0.0.1, under which a proxy calls an endpoint without API keys.",
    )
    filters: tuple[Annotated[str, Field(pattern=r"^[\w.]+$")], ...] = Field(
        default=(),
        description="Metadata, such as document or language, by which a request may choose its passages (`where`); "
        "empty for none.",
    )
    requests_per_minute: int | None = Field(default=None, ge=1, description="Limit for each caller without its own.")
    tokens_per_minute: int | None = Field(default=None, ge=1, description="Limit for each caller without its own.")
    tokens_per_month: int | None = Field(
        default=None,
        ge=1,
        description="Tokens that the answers of one assistant may take in a calendar month (UTC), whoever asks, "
        "counted over all endpoints of a home; a question that would exceed it gets 429 until the month ends.",
    )
    cost_per_month: float | None = Field(
        default=None,
        gt=0,
        description="The same for what they cost, in the currency of the provider's prices.",
    )
    oidc: OidcConfig | None = Field(default=None, description="Tokens of people who log in; keys alone without.")
    open_metrics: bool = Field(
        default=False, description="Whether `/metrics` is read without a key where one is needed; it names assistants."
    )
    limits_storage: str | None = Field(
        default=None,
        description="Where both are counted: `redis://host:6379` for limits that all replicas share, else "
        "each counts in its own memory. A URL with a password goes into the variable `LLMOPS_LIMITS_STORAGE`.",
    )

    @field_validator("limits_storage")
    @classmethod
    def _has_no_password(cls, url: str | None) -> str | None:
        if url and urlsplit(url).password:
            msg = "it holds a password: set the environment variable LLMOPS_LIMITS_STORAGE instead"
            raise ValueError(msg)
        return url


class ReviewConfig(StrictModel):
    """The page where people label answers."""

    host: str = "127.0.0.1"
    port: int = Field(default=8010, ge=1, le=65_535)


class UpConfig(StrictModel):
    """What `llmops up` starts beside the endpoint, on loopback: neither asks for a password."""

    prefect_port: int = Field(default=4200, ge=1, le=65_535, description="Port of the Prefect server.")
    mlflow_port: int = Field(default=5000, ge=1, le=65_535, description="Port of the MLflow server.")
    pool: str = Field(default="llmops", min_length=1, description="Work pool that the worker takes runs from.")
