"""What monitoring shows: Evidently reports, pages and Prefect artifacts."""
