"""Reference data: regions and subjects."""
