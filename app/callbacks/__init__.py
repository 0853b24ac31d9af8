"""Call-backs (回拨): requests that keep their place in the queue, and what became of each try."""
