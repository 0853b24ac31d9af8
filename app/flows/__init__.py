"""What callers are asked, for the people who run the hotline: flows, prompts, switches, and how callers went."""
