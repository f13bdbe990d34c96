"""What a run meant. Reads what runs recorded and nothing else."""
