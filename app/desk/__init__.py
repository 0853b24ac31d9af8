"""The agent's page: screen pops, ticket form, sign-in to queues."""
