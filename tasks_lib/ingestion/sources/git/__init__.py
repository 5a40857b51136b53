"""Git repositories, read from a shallow copy below the home."""
