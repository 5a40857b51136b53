"""The parts that `llmops up` runs, and their supervisor."""
