"""One person's data, exported or deleted (PIPL); what is kept no longer than its class allows; certificates of both."""
