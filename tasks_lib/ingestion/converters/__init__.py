"""From bytes to text: a converter for each format."""
