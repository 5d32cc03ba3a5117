"""How two are compared: ratios and their intervals, which launches count, where the tables draw the line."""
