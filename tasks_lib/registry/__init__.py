"""MLflow: versions, aliases, the processes that run them."""
