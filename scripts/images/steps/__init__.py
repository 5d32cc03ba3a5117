"""Preprocessing steps: one module each, named as in `images.steps`, with a class `Step`.

`Step(**settings)` checks its settings (pydantic, unknown keys refused); `step(image, size)` takes and returns uint8 RGB
(h, w, 3). cv2 is imported inside the call, since the Snakefile checks settings while it builds the DAG. After the last
step an image must be (size, size, 3).
"""
