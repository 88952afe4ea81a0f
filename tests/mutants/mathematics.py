"""Mistakes for laws that no implementation can be held to: they are about the mathematics alone.

A mistake is planted in the reference's formulas, or where a law speaks of plain numbers, in what the
claim computes with them.
"""

from __future__ import annotations

from mutants.patching import Mutant, mutant

MISTAKES: list[tuple[Mutant, tuple[str, ...]]] = [
    (mutant("curvature with the sign of the slope", "rnnref.activations:curvature",
            "-2 * s.tanh(z)", "2 * s.tanh(z)", "tanh is bent the other way"),
     ("ACT-24/curved_where_its_slope_is_below_one",)),
    (mutant("tanh slope without its square", "rnnref.activations:slope",
            "return 4 * e / ((1 + e) * (1 + e))", "return 2 * e / (1 + e)",
            "the square of the denominator is lost"),
     ("ACT-04/lost_by_the_square",)),
    (mutant("sigmoid slope without its square", "rnnref.activations:slope",
            "return e / ((1 + e) * (1 + e))", "return e / (1 + e)",
            "the square of the denominator is lost"),
     ("ACT-01/lost_by_the_output",)),
    (mutant("binary32 calculated in binary64", "rnnspec.claims.activations.rounded:Rounded.__init__",
            "float(fmt.round(np.array(float(Decimal(number)))))", "float(Decimal(number))",
            "numbers of a narrower format are not rounded to it"),
     ("ACT-09/rounded_to_its_limits", "ACT-10/rounded_to_one", "ACT-21/lost_beside_one")),
    (mutant("operations of one factor alone", "rnnspec.claims.activations.counting:Counting._after",
            "(*self.steps, *before, step)", "(*self.steps, step)",
            "what it took to compute the other factor is not counted"),
     ("ACT-26/operations_of_each",)),
    (mutant("paths that pass by the last layer", "rnnspec.claims.depth.paths:paths",
            "range(depth, layer, -1)", "range(depth - 1, layer, -1)", "the units of a layer are left out"),
     ("DEP-06/as_many_terms_as_paths",)),
    (mutant("twice what is missing", "rnnspec.claims.depth.products:decided_by_the_sum",
            "left * (1 + missing)", "left * (1 + 2 * missing)", "a bound that is too sharp"),
     ("DEP-11/decided_by_the_sum",)),
    (mutant("steps rounded down", "rnnspec.claims.depth.descent:number_of_steps",
            "math.ceil", "math.floor", "one step too few"),
     ("DEP-19/number_of_steps",)),
    (mutant("added up in binary64", "rnnspec.claims.depth.arithmetic:_steps",
            "np.add.accumulate(numbers)", "np.add.accumulate(numbers, dtype=np.float64)",
            "an accumulator wider than the numbers"),
     ("DEP-26/counted_in_floats",)),
    (mutant("half a spacing and more", "rnnspec.claims.depth.arithmetic:lost_in_float32",
            "np.float32(1e-7)", "np.float32(1.25e-7)", "a step that is no longer lost"),
     ("DEP-26/lost_in_float32",)),
    (mutant("clipping that does nothing", "rnnref.clipping:clip_by_norm",
            "return [g * factor for g in tensors]", "return list(tensors)", "the factor is never applied"),
     ("REM-05/finite_where_descent_diverges", "REM-12/clipped_it_is_as_long_as_the_threshold")),
    (mutant("normalised gradient times sigma", "rnnref.feedforward.batch_norm:batch_norm_back",
            "dx = p.gamma / sigma * dy", "dx = p.gamma * sigma * dy", "multiplied where it is divided"),
     ("REM-23/attained_orthogonally",)),
    (mutant("sizes in the place of squares", "rnnspec.claims.remedies.learning_rates:_rates_squared",
            "Fraction(g) ** 2", "abs(Fraction(g))", "absolute values are added up"),
     ("REM-29/scale_does_not_matter",)),
    (mutant("slope of the step before", "rnnref.cells.elman:rnn_step_back",
            "slope_from_output(s, layer.activation, done.h, layer.alpha)",
            "slope_from_output(s, layer.activation, done.h_before, layer.alpha)",
            "the slope is taken at h_{t-1}"),
     ("SPE-01/nothing_left_after_sixty_steps", "SPE-02/leaves_the_fixed_point_by_itself")),
    (mutant("state gradient twice", "rnnref.cells.elman:rnn_step_back",
            "return dx, dh_before", "return dx, 2 * dh_before",
            "what is handed back to a state is added to itself"),
     ("SPE-07/decided_by_the_spectral_radius", "SPE-11/gone_and_beyond_all_bounds")),
]  # fmt: skip
"""Each with the laws that must notice it."""
