"""Broadcasts (公告): what callers hear before the queue while it holds, and who wants to be told when it is over."""
