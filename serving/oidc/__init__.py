"""People who log in: tokens of an OpenID Connect issuer."""
