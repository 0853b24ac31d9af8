"""Work of the ops engineer: lines, trunks, coming changes, test calls, and changes of the site plan."""
