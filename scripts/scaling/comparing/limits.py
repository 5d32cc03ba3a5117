"""Where the tables draw the line; light, so that the page can name the same numbers."""

from scripts.noise import DRIFT, FOREIGN

__all__ = ["CHANCE", "DRIFT", "FIRST_FRESH_BLOCK", "FOREIGN", "LEAST_BLOCKS", "LEAST_TEST_IMAGES"]

CHANCE = 0.05  # likelihood of guessing as well, above which a training has learned nothing
# Fewer cannot tell: of 30 a network halfway between guessing and perfect passes in 89 of 100 launches with two classes,
# in 99 with five.
LEAST_TEST_IMAGES = 30
LEAST_BLOCKS = 3  # fewer give no interval: the row is exploratory
FIRST_FRESH_BLOCK = 1001  # beyond those of any sweep: blocks that confirm, which no choice has seen
LACK_OF_FIT = 0.05  # chance of so great a lack of fit, over all curves of a study: a law with less is refused
FORETOLD = 4 / 3  # upper / lower end of a prediction's band: one whose ends are further apart foretells nothing
