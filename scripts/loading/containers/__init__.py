"""Files of a library's own kind that hold the training images, and how a worker reads them."""
