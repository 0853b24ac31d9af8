"""Deadlines: the working-day calendar, the rules of each region, and the clocks that run on tickets."""
