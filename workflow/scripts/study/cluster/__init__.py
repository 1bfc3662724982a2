"""What jobs ask of a scheduler, and what Slurm needs beside."""
