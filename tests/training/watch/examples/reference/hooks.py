"""A module of the user's that has the name of one of the watcher's."""

WHOSE = "the user's"
