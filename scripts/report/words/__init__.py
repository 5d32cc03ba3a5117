"""What page, terminal, figures and paper share: columns and texts of tables, verdicts, facts beside the tables."""
