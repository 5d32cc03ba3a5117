"""What is imported into the process of a watched script: nothing but the standard library, nothing at first."""
