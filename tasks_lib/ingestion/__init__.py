"""Documents in: sources, conversion, chunking, sync."""
