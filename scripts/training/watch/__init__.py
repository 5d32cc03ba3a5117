"""Watching a training script of the user's from inside, without an edit of it.

What lies here is run by the script's own interpreter, which may have no scalecard, and any torch from 2.0 or none:
Python 3.9, the standard library, and torch only once the script has imported it. The folder is the last of the
script's path: the names in it must not be found by mistake. `watched_ranks.py` alone is ours: it reads what was seen.
"""
