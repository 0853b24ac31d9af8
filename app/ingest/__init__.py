"""The one door for call facts: applies call events in order, once."""
