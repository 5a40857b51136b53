"""The parts that `llmops up` runs, and how they are started, watched and stopped."""
