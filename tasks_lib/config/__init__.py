"""Configuration: strict pydantic models, and how files, `--set` and the environment become one."""
