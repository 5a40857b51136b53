"""What bootstrap created, updated and left unchanged."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Changes:
    """Names of parts, such as `variable llmops_platform`, by what became of them."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)

    def note(self, name: str, before: Any, wanted: Any) -> bool:
        """Record a part that is to be as `wanted` and was as `before` (`None`: not there); true if it must change."""
        if before is None:
            self.created.append(name)
        elif before == wanted:
            self.unchanged.append(name)
            return False
        else:
            self.updated.append(name)
        return True
