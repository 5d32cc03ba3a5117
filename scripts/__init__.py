"""scalecard: five rooms (images, loading, training, scaling, report) and what they share."""
