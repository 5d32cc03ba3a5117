"""Raw files to packed, checked, split pixels."""
