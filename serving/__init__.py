"""The endpoint: LitServe in front of the production version."""
