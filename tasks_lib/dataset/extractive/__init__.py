"""Questions without a language model: declarative sentences turned into questions by their parse."""
