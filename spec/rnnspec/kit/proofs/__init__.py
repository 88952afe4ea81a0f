"""What proofs work with: exact expressions, their signs, a solver, and the reference traced in them."""
