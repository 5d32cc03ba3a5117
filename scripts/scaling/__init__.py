"""From records to tables: speedup, efficiency, intervals."""
