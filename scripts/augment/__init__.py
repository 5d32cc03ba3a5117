"""Augmentation: what is done to training images anew in each epoch, the same wherever and by how many it is done."""
