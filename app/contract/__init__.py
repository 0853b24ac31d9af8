"""The words both sides share: call events and their ids, the journal, the delivery and the HTTP client."""
