"""Where documents are read from: folders and S3."""
