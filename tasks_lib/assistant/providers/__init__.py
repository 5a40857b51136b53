"""Calls of language models and embedders, whoever provides them."""
