"""Finding secrets where none may be: in every file below a folder and in what processes printed."""

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote


def leaks(folder: Path, secrets: Iterable[str], printed: Iterable[str] = ()) -> list[str]:
    """Where each secret was found, as `place: number of the secret`; links are not followed.

    A secret is looked for as it is, in Base64 at each of its three alignments, quoted for URLs and in UTF-16.
    """
    forms = {number: set(_forms(secret)) for number, secret in enumerate(secrets)}
    places = [(f"printed text {number}", text.encode()) for number, text in enumerate(printed)]
    found = [f"{place}: secret {number}" for place, content in places for number in _found(content, forms)]
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            found += [f"{path.relative_to(folder)}: secret {number}" for number in _found(path.read_bytes(), forms)]
    return found


def _found(content: bytes, forms: dict[int, set[bytes]]) -> list[int]:
    return [number for number, variants in forms.items() if any(variant in content for variant in variants)]


def _forms(secret: str) -> Iterator[bytes]:
    raw = secret.encode()
    yield raw
    yield quote(secret, safe="").encode()
    yield secret.encode("utf-16-le")
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw)
        # the first and last characters depend on the neighbours of the secret
        yield encoded[4 if offset else 0 : -4]
