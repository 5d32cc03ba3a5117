"""Hugging Face datasets, streaming: torch's DataLoader whose worker processes read Arrow files, each its share, from
end to end: in one order, shuffled when they were written.
"""

from scripts.loading.transports.datasets_stream import StreamBackend


class Backend(StreamBackend):
    sources = ("arrow",)
    builder = "arrow"
