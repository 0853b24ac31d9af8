"""Handling of tickets (办理): dispatch, units' legs, requests, replies, audit, follow-up."""
