"""Users, roles, service tokens, log-in and lock-out."""
