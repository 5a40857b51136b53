"""Reports as self-contained HTML pages."""

from importlib import resources
from typing import Any


def html_page(package: str, template: str, **values: Any) -> str:
    """`template` in the folder of `package`, filled by Jinja; whatever users, documents or models wrote is escaped."""
    from jinja2 import Environment

    source = resources.files(package).joinpath(template).read_text(encoding="utf-8")
    return Environment(autoescape=True).from_string(source).render(**values)
