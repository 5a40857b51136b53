"""Wall-clock time that a test moves."""


class Clock:
    """Wall-clock time that stands still: `monkeypatch.setattr(time, "time", Clock())`."""

    now = 1_000_000.0

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self.now
