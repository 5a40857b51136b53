"""`python -m serving.review`: serve the page where people label the answers of one assistant."""

import logging
import os
from typing import Annotated

import uvicorn
from cyclopts import App, Parameter

from blocks.key_stores import platform_keys
from blocks.resolve import resolve_platform
from serving.review.app import review_app
from tasks_lib.config.oidc import OIDC_VARIABLE, OidcConfig
from tasks_lib.network import prepare_network
from tasks_lib.registry.tracking import connect

app = App(name="review", help_format="plaintext")


@app.default
def serve(
    *,
    host: str,
    port: int,
    model: str,
    dataset: str | None = None,
    allow_host: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    oidc: Annotated[str | None, Parameter(env_var=OIDC_VARIABLE)] = None,
) -> None:
    """Serve the page until interrupted.

    :param model: Name of the assistant.
    :param oidc: The section `serve.oidc` of the configuration, as JSON.
    """
    logging.basicConfig(level=logging.WARNING)
    for line in prepare_network():
        logging.getLogger("serving").warning("%s", line)
    platform = os.environ.get("LLMOPS_PLATFORM") or "local"
    client = connect(resolve_platform(platform), model)
    people = OidcConfig.model_validate_json(oidc) if oidc else None
    keys = platform_keys(host, platform, tokens=people is not None)
    application = review_app(client, keys, dataset=dataset, hosts=allow_host, people=people)
    uvicorn.run(application, host=host, port=port, log_level="warning")


if __name__ == "__main__":
    app()
