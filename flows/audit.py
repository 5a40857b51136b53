"""`llmops audit`: who promoted, released, approved, reviewed, forgot and made keys, with before and after."""

from datetime import datetime

from pydantic import BaseModel, Field

from tasks_lib.home import Home
from tasks_lib.registry.audit import AuditLine, read_audit


class AuditResult(BaseModel):
    """Lines of the audit, whose chain holds."""

    lines: list[AuditLine] = Field(description="The oldest first.")
    head: str | None = Field(description="Digest of the newest line: keep it elsewhere.")
    checked: int = Field(description="Lines that were checked, those before `since` as well.")


def audit(*, since: datetime | None = None, head: str = "") -> AuditResult:
    """Read the audit of the home, and check its chain.

    :param since: Lines before it are checked, and not given.
    :param head: A digest that was noted earlier, which must be in it still.
    :raises AuditError: If a line was changed, taken out or moved.
    """
    lines = read_audit(Home.from_environment(), head=head)
    return AuditResult(
        lines=[line for line in lines if since is None or line.at >= since],
        head=lines[-1].digest if lines else None,
        checked=len(lines),
    )
