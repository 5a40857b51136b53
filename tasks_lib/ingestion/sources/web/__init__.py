"""Web sites: their sitemaps, what robots.txt allows, and a client that asks politely."""
