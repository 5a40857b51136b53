"""What the Acme team adds to LLMOps flows."""
