"""Questions in other words than those of their evidence, without a language model."""
