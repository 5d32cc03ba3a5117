"""Augmentation steps: one module each, named as in `training.augment`, with a class `Step` (../step.py)."""
