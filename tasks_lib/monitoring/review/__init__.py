"""People's review of answers: what they should look at, how far they agree, and the evaluation set they make of it."""
