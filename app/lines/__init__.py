"""Hotline numbers."""
