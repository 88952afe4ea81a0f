"""Claims on networks with two directions, and on levels on top of each other."""
