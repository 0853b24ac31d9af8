"""create_app, error rendering, authentication wiring, server-sent events."""
