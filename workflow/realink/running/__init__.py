"""What Snakemake lacks: which code made a result, what killed jobs leave, what SLURM still runs."""
