"""What the rooms agree on: messages and answers, and the protocols of platforms, indexes and embedders."""
