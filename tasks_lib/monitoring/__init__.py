"""Production traces: windows, scores, drift, reports."""
