"""Changes of a node's dialplan: what a new plan means, its rehearsal, its taking effect, and its history."""
