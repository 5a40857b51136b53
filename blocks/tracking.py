"""``MLflowTracking``: the MLflow server that tracks runs and holds the registry."""

import os
from importlib.metadata import version
from typing import Self

from pydantic import Field, SecretStr, model_validator

from blocks.aws_secret import AwsSecretSlug, KeyHolder
from blocks.base import Address, link
from tasks_lib.errors import ConfigurationError, LlmopsError

TOKEN = "MLFLOW_TRACKING_TOKEN"  # noqa: S105  (the name of a variable)
USERNAME = "MLFLOW_TRACKING_USERNAME"
PASSWORD = "MLFLOW_TRACKING_PASSWORD"  # noqa: S105  (the name of a variable)
INSECURE = "MLFLOW_TRACKING_INSECURE_TLS"

_before: dict[str, str | None] = {}
"""The variables as they were before a block changed them."""


def restore_variables() -> None:
    """Undo what :meth:`MLflowTracking.connect` set: no server is shown the credentials of the one before it."""
    while _before:
        name, value = _before.popitem()
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


class MLflowTracking(KeyHolder):
    """
    The MLflow server that tracks runs and holds the registry.

    MLflow's client reads its credentials from environment variables: they are set in the process that uses the
    platform, and inherited by the processes it starts.

    Example:
        Save the block, and use it:
        ```python
        from blocks.tracking import MLflowTracking

        MLflowTracking(uri="https://mlflow.internal", username="llmops", password="…").save("BLOCK_NAME")

        mlflow_tracking = MLflowTracking.load("BLOCK_NAME")
        mlflow_tracking.connect()
        ```
    """

    _block_type_name = "LLMOps MLflow tracking"
    _block_type_slug = "llmops-mlflow-tracking"
    _description = "The MLflow server that tracks runs, stores traces and holds the model registry."
    _documentation_url = link("https://mlflow.org/docs/latest/self-hosting/")

    uri: Address = Field(title="Tracking URI", description="Address of the MLflow server, without credentials in it.")
    token: SecretStr | None = Field(
        default=None, title="Token", description="Bearer token, where the server wants one."
    )
    username: str | None = Field(default=None, title="User name", description="For basic authentication.")
    password: SecretStr | None = Field(default=None, title="Password", description="For basic authentication.")
    aws_secret: AwsSecretSlug = None
    verify_tls: bool = Field(default=True, title="Verify TLS", description="Check the certificate of the server.")

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        if self.token and self.username:
            msg = "give a token, or user name and password, not both"
            raise ValueError(msg)
        if bool(self.username) != bool(self.password) and not (self.username and self.aws_secret):
            msg = "user name and password go together"
            raise ValueError(msg)
        return self

    @property
    def key_field(self) -> str:
        """The password of a user, else the token."""
        return "password" if self.username else "token"

    def connect(self) -> str:
        """Put the credentials where MLflow's client looks for them, and return the tracking URI."""
        wanted = {USERNAME: self.username, PASSWORD if self.username else TOKEN: self.key()}
        if not self.verify_tls:
            wanted[INSECURE] = "true"
        restore_variables()
        for name in (TOKEN, USERNAME, PASSWORD, INSECURE):
            _before.setdefault(name, os.environ.get(name))
            if value := wanted.get(name):
                os.environ[name] = value
            elif any(wanted.values()) and name != INSECURE:
                os.environ.pop(name, None)
        return self.uri

    def check(self) -> str:
        """Ask for the server's version.

        :raises LlmopsError: If it cannot be reached or refuses the credentials.
        """
        if not self.uri.startswith(("http://", "https://")):
            return f"{self.uri} needs no server"
        import httpx

        key = self.key()
        try:
            response = httpx.get(
                f"{self.uri}/version",
                timeout=10,
                verify=self.verify_tls,
                auth=(self.username, key) if self.username and key else None,
                headers={"Authorization": f"Bearer {key}"} if key and not self.username else {},
            )
        except httpx.HTTPError as error:
            raise LlmopsError(
                f"no MLflow server answers at {self.uri}: {error}", hint="Check the tracking URI, and that it runs."
            ) from None
        if response.status_code in {401, 403}:
            raise ConfigurationError(
                f"the MLflow server at {self.uri} refuses the credentials (HTTP {response.status_code})",
                hint=f"Check token, or user name and password, of {self.slug}.",
            )
        if response.is_error:
            raise LlmopsError(f"the MLflow server at {self.uri} answers HTTP {response.status_code}")
        running, client = response.text.strip()[:40], version("mlflow")
        if running.partition(".")[0] != client.partition(".")[0]:
            raise LlmopsError(
                f"the server at {self.uri} runs MLflow {running!r}, and this client is {client}",
                hint="Run the same major version on both sides.",
            )
        return f"{self.uri} runs MLflow {running}"
