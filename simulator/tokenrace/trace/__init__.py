"""What a run leaves behind: events one by one, and counts of what is too many for that."""
