"""Documents of Word 97 to 2003."""
