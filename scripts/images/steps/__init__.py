"""Preprocessing steps: one module each, named as in `images.steps`, with a class `Step`.

`Step(**settings)` checks its settings; `step(image, size)` takes and returns uint8 (h, w, 3), RGB unless `colour_space`
stands before it. `decode`, how a file becomes pixels, may only be the first. What holds for every other step, and for a
chain of them, is in scripts/images/step.py.
"""
