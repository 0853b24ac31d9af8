"""Asterisk configuration as templates, and the site plan they are rendered from."""
