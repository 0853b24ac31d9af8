"""Hand-overs to 110/119/120/122 and to lines, as records; and what these services refer to us."""
