"""What is checked on the way in and on the way out: validators, guards, decisions."""
