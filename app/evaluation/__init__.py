"""Checked and evaluated: follow-up with citizens, rates, scores and objections to them."""
