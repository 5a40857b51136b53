"""Questions, scores, statistics and the decision."""
