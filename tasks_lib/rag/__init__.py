"""The assistant: one Haystack pipeline for evaluation and serving."""
