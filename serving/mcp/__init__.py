"""The assistants as tools of the Model Context Protocol: over HTTP at the endpoint, and over stdin and stdout."""
