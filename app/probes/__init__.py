"""Test calls (拨测): each line is dialled again and again, and somebody is told when one fails."""
