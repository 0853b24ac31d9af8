"""Messages on their way out: kept first, sent when their time has come, tried again until somebody takes them."""
