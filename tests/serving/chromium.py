"""A page in headless Chromium, driven by the Chrome DevTools protocol over a websocket."""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WAIT_SECONDS = 20.0
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0")


LEFT = "Inspected target navigated or closed"


class PageLeftError(Exception):
    """Another page came while this one was asked."""


class Page:
    """The one tab of a browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = count(1)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol; what happens meanwhile is left unread."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (said := json.loads(self._socket.recv(WAIT_SECONDS))).get("id") != number:
            continue
        if said.get("error", {}).get("message") == LEFT:
            raise PageLeftError
        assert "error" not in said, said
        result: dict[str, Any] = said["result"]
        return result

    def open(self, address: str, *, width: int = 1000, height: int = 900) -> None:
        """Go there, in a window of this size."""
        phone = width < 600
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        self.call("Page.navigate", url=address)
        self.wait_for("document.readyState === 'complete'")

    def value(self, script: str) -> Any:
        """What a script gives."""
        said = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    def wait_for(self, script: str, seconds: float = WAIT_SECONDS) -> Any:
        """What a script gives once it gives something true, on this page or on one that comes meanwhile."""
        end = time.monotonic() + seconds
        while not (found := self._value_here(script)):
            assert time.monotonic() < end, f"{script} did not come true: {self.value('document.body.innerText')}"
            time.sleep(0.02)
        return found

    def _value_here(self, script: str) -> Any:
        with suppress(PageLeftError):
            return self.value(script)

    def type(self, text: str) -> None:
        """Type where the focus is."""
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press a key where the focus is."""
        codes = {"Enter": 13, "Tab": 9, "Escape": 27, " ": 32}
        given: dict[str, Any] = {
            "key": key,
            "windowsVirtualKeyCode": codes[key],
            "code": key if key != " " else "Space",
        }
        text = {"Enter": "\r", " ": " "}.get(key)
        self.call("Input.dispatchKeyEvent", type="keyDown", **given, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **given)

    def letter(self, key: str) -> None:
        """Press the key of a letter where the focus is."""
        given = {"key": key, "code": f"Key{key.upper()}", "text": key, "windowsVirtualKeyCode": ord(key.upper())}
        self.call("Input.dispatchKeyEvent", type="keyDown", **given)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def picture(self, file: Path) -> None:
        """Save what is to be seen."""
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@contextmanager
def chromium(folder: Path) -> Iterator[Page]:
    """A browser with its profile in `folder`; skips the test where there is none."""
    binary = next((found for name in NAMES if (found := shutil.which(name))), None)
    if binary is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the PATH")
    command = [binary, *FLAGS, f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            with connect(_tab(folder), max_size=None) as socket:
                yield Page(socket)
        finally:
            process.terminate()


def _tab(folder: Path) -> str:
    """Address of the tab's websocket; Chromium writes the port that it took into its profile."""
    end, told = time.monotonic() + WAIT_SECONDS, folder / "DevToolsActivePort"
    while not (told.exists() and told.read_text().strip()):
        assert time.monotonic() < end, "the browser did not start"
        time.sleep(0.05)
    tabs = httpx.get(f"http://127.0.0.1:{told.read_text().split()[0]}/json").json()
    return str(next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"))
