"""Words, sentences and numbers in texts."""
