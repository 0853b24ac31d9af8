"""The case store, and the contract that telephony shares with it."""
