"""LitServe's server with workers of several assistants, of which one that does not start stops nobody else."""

import socket
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from litserve import LitAPI, LitServer
from litserve import server as litserve_server
from litserve.utils import WorkerSetupStatus

from tasks_lib.registry.listening import close_all, listen_on

litserve_server._MCP_AVAILABLE = False  # noqa: SLF001
"""With the package `mcp` LitServe expects `fastmcp` as well, and does not start; we have an MCP server of our own."""
WATCH_SECONDS = 0.25
"""Interval in which LitServe checks that its workers live."""
LOOK_SECONDS = 0.05
_TAKEN = "127.0.0.1"
"""A host that LitServe takes; it listens on the sockets that it is given."""
STEADY_SECONDS = 60.0
"""A worker that lived as long is started again at once."""


@dataclass
class Lives:
    """When a worker began and ended, in seconds, and how many times in a row it ended early."""

    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    short: int = 0

    def may_begin(self, now: float) -> bool:
        """Whether it is started again now: at once, then after 2, 4, 8 s and so on while it keeps ending early."""
        if self.ended is None:
            self.ended = now
            self.short = self.short + 1 if now - self.began < STEADY_SECONDS else 0
        if self.short > 1 and now - self.ended < min(2.0 ** (self.short - 1), STEADY_SECONDS):
            return False
        self.began, self.ended = now, None
        return True


class Server(LitServer):
    """LitServe's server; while it shuts down it takes no worker that ended for one that died."""

    stopping = False
    _listening: list[socket.socket]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.monitor_internal = WATCH_SECONDS  # type: ignore[assignment]  # slept as it is
        self._lives: dict[int, Lives] = defaultdict(Lives)

    def serve_at(self, host: str, port: int, **options: Any) -> None:
        """Serve on any address of this machine: by itself, LitServe takes three of them only.

        :raises OSError: If it cannot listen there.
        """
        self._listening = listen_on(host, port)
        try:
            self.run(host=_TAKEN, port=port, fd=self._listening[0].fileno(), **options)
        finally:
            close_all(self._listening)

    def _start_server(
        self, port: Any, num_uvicorn_servers: Any, log_level: Any, sockets: Any, uvicorn_worker_type: Any, **kwargs: Any
    ) -> Any:
        close_all(sockets)  # copies of ours that pass for sockets of this machine's files
        start: Any = super()._start_server
        return start(port, num_uvicorn_servers, log_level, self._listening, uvicorn_worker_type, **kwargs)

    def verify_worker_status(self) -> None:
        """Wait until a worker is ready; with several assistants, one that fails is started again meanwhile.

        :raises RuntimeError: If no worker starts, or one of the only assistant does not.
        """
        alone = len(self.litapi_connector.lit_apis) == 1
        while (states := list(self.workers_setup_status.values())).count(WorkerSetupStatus.READY) == 0:
            failed = alone and WorkerSetupStatus.ERROR in states
            if failed or not any(worker.is_alive() for worker in self.inference_workers):
                msg = "its worker does not start" if alone else "none of the workers starts"
                raise RuntimeError(msg)
            time.sleep(LOOK_SECONDS)

    def launch_single_inference_worker(self, lit_api: LitAPI, worker_id: int) -> Any:
        """Start a worker again, as LitServe's watcher asks for it; later each time for one that ends early."""
        index = self._index(lit_api, worker_id)
        if self.stopping or not self._lives[index].may_begin(time.monotonic()):
            return self.inference_workers[index]
        return super().launch_single_inference_worker(lit_api, worker_id)

    def _index(self, lit_api: LitAPI, worker_id: int) -> int:
        """Place among the workers of all APIs, which LitServe keeps in one list."""
        apis = self.litapi_connector.lit_apis
        before = apis[: apis.index(lit_api)]
        return sum(len(self._inference_workers_config_for_api(api.api_path)) for api in before) + worker_id

    def _perform_graceful_shutdown(self, *arguments: Any, **named: Any) -> None:
        self.stopping = True
        self.monitor_internal = threading.TIMEOUT_MAX  # type: ignore[assignment]  # slept as it is
        super()._perform_graceful_shutdown(*arguments, **named)
