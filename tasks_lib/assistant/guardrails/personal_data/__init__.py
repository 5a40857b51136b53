"""Personal data: patterns with checksums, addresses, and names by a language model."""
