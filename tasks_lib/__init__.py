"""What each step does: typed functions over Haystack, MLflow, Evidently and LanceDB, and their thin Prefect tasks."""
