"""Ways that read files of their library's own kind (scripts/loading/containers/formats/)."""
