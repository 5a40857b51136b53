"""From a conversation to an answer: components, the assistant, its stream and its traces."""
