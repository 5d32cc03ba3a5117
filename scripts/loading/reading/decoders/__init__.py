"""Decoders of other libraries, each by the name that `loading.decoders` uses."""
