"""What a run says while it runs, and what a dry run says of its jobs."""
