"""Callers as such: numbers whose citizens go straight to a person, before others who wait."""
