"""What a run says in the terminal while Snakemake works."""
