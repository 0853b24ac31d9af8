"""Call records, agent states and the missed-call list."""
