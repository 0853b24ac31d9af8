"""What every slice stands on: settings, database, clock, Redis, jobs, errors, page helpers."""
