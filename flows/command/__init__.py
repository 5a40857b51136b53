"""The `llmops` command: verbs, options, output. Heavy packages are imported inside the verbs."""
