"""The page where people label answers: a process of its own, `python -m serving.review`."""
