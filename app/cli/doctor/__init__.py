"""`hotline doctor`: what is missing or broken here, and how to mend it."""
