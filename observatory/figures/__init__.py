"""What is worked out from stored figures: rates, gaps, evolutions, classes, money, reviews."""
