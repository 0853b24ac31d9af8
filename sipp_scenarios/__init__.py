"""One folder per SIPp scenario, the runner and its report."""
