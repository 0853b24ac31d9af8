"""Tickets (工单) and their history."""
