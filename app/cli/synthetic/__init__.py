"""Synthetic tickets for tests, demonstrations and measurements: no citizen, number or official in them is real."""
