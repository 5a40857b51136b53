"""Haystack components of Amazon Bedrock on a session of our own."""
