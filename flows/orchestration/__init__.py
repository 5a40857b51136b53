"""What `llmops bootstrap` puts on a Prefect server, part by part."""
