"""An endpoint that is killed leaves nothing: no server, no worker, no version, no file."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil
import pytest

from blocks.local import LocalPlatform
from flows.services.ports import Port, require_free
from tasks_lib.home import Home
from tasks_lib.registry.tracking import connect
from tests.serving.conftest import register
from tests.stubs.command import LLMOPS
from tests.stubs.weaviate_server import free_ports


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A temporary folder in which there is room for the paths of sockets, which have 107 characters at most."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.slow
def test_a_killed_endpoint_leaves_nothing_behind(
    tracked_home: Callable[[Path], Home], tmp_path: Path, short_folder: Path
) -> None:
    platform = LocalPlatform(tracked_home(tmp_path / "home"))
    version = register(platform, tmp_path, "first")
    connect(platform, "rag-assistant").set_registered_model_alias("rag-assistant", "production", str(version))
    (port,) = free_ports(1)
    environment = {**os.environ, "LLMOPS_HOME": str(platform.home.root), "TMPDIR": str(short_folder)}
    command = [*LLMOPS, "serve", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, env=environment, stderr=log) as process:
        deadline = time.monotonic() + 200
        while not _ready(port):
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.3)
        children = psutil.Process(process.pid).children(recursive=True)
        assert any("version_worker.py" in " ".join(child.cmdline()) for child in children)
        process.kill()
        process.wait()
        psutil.wait_procs(children, timeout=30)
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    assert list(short_folder.iterdir()) == []
    require_free([Port("the endpoint", "127.0.0.1", port, "")])


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5).is_success
    except httpx.TransportError:
        return False
