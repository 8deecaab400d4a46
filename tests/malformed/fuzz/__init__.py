"""Files damaged at random, several at once: the program answers in words, and misses nothing."""
