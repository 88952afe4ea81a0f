"""Claims on eigenvalues and the long-term behaviour of recurrences."""
