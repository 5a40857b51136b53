"""`python -m serving.mcp`: the tools over stdin and stdout, as a process; `llmops mcp` starts it."""

import logging
import os
from typing import Annotated

from cyclopts import App, Parameter

from serving.logs import log_as_json
from serving.mcp.home import HomeDesk
from serving.mcp.tools import tool_server
from tasks_lib.network import prepare_network
from tasks_lib.registry.orphans import children_end_with_this_process

app = App(name="serving.mcp", help="Serve the production version as tools over stdin and stdout.")


@app.default
def serve(
    *,
    model: str = "rag-assistant",
    alias: str = "production",
    timeout: float = 60.0,
    group: Annotated[tuple[str, ...], Parameter(negative="", help="Group of whoever asks.")] = (),
) -> None:
    """Run until stdin ends; the platform is named by ``LLMOPS_PLATFORM``. Logs go to stderr."""
    log_as_json()
    for line in prepare_network():
        logging.getLogger("serving").warning("%s", line)
    desk = HomeDesk(os.environ.get("LLMOPS_PLATFORM") or "local", model, alias, timeout, group)
    try:
        tool_server(lambda _: desk).run("stdio")
    except KeyboardInterrupt:
        return
    finally:
        desk.close()


children_end_with_this_process(__name__)
if __name__ == "__main__":
    app()
