"""What a reader sees: the page, its words, and the console's tables."""
