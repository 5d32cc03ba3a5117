"""From records to the tables that all else is said from."""
