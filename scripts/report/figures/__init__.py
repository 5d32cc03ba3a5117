"""Drawn of tables and records: SVG and PNG."""
