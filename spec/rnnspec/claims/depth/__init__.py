"""Claims on depth: the chain rule, products of many factors, and the arithmetic of updates."""
