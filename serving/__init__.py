"""The endpoint: LitServe in front of the production version.

Every answer is one trace. `MLFLOW_TRACE_SAMPLING_RATIO` (0 to 1, read by MLflow itself) makes it a share of them; an
answer without a trace has no `trace_id`, takes no feedback, and is not seen by monitoring.
"""
