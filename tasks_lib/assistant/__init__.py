"""What answers, and travels with a version."""
