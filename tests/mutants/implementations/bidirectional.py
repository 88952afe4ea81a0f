"""Mistakes in stacks and in their two directions."""

from __future__ import annotations

from mutants.planting import COUNT, Faulty, faulty

FORWARD = "rnnref.stacking:forward_stack"
BACKWARD = "rnnref.stacking:backward_stack"
NUMBERS = "p, h = place.own(parameters), place.own(state)"
FINAL = "final |= place.named(done.state)"
COUNTED = "in layer.parameter_shapes.items()"

FAULTY: list[Faulty] = [
    faulty("sequence centred", FORWARD, "outputs = list(xs)",
           "outputs = [x - sum(xs) / x.dtype.type(len(xs)) for x in xs]",
           "the mean over the sequence is taken off, and with it the future is let in",
           "BID-01/first_half_sees_the_past"),
    faulty("backward outputs in the order of reading", FORWARD, "_in_order(place, done.outputs)",
           "done.outputs",
           "the backward direction's outputs are not turned round again",
           "BID-01/second_half_sees_the_future"),
    faulty("backward half first", FORWARD, "s.above(parts)", "s.above(parts[::-1])",
           "the halves are concatenated the other way round", "BID-01/two_layers_side_by_side"),
    faulty("directions share their parameters", FORWARD, NUMBERS,
           "p, h = level[0].own(parameters), place.own(state)",
           "both directions read the forward direction's weights",
           "BID-01/reversal_swaps_the_halves"),
    faulty("backward direction continues", FORWARD, NUMBERS,
           "p, h = place.own(parameters), (seen[0][1].state if seen else place.own(state))",
           "the backward direction starts from the forward one's final state",
           "BID-02/directions_do_not_see_each_other"),
    faulty("backward direction starts from zero", FORWARD, NUMBERS,
           "p, h = place.own(parameters), {k: v * (not place.reverse) for k, v in place.own(state).items()}",
           "the initial state of the backward direction is ignored",
           "BID-02/starts_at_the_end_from_its_own_state"),
    faulty("halves of the cotangent added", BACKWARD, "s.rows(d, k * width, (k + 1) * width)",
           "s.rows(d, 0, width) + s.rows(d, width, 2 * width)",
           "both directions get the sum of the two halves, as if they had been added and not concatenated",
           "BID-03/nothing_crosses"),
    faulty("gradient of one direction overwrites the other", BACKWARD,
           "[a + b for a, b in zip(dxs, own_dxs, strict=True)] if dxs else own_dxs", "own_dxs",
           "= where += was meant", "BID-03/gradients_add_at_the_inputs"),
    faulty("gradient of the backward final state lost", BACKWARD, "place.own(dstate)",
           "{k: v * (not place.reverse) for k, v in place.own(dstate).items()}",
           "a loss on the final states reaches the forward direction only",
           "BID-03/gradients_add_at_the_inputs"),
    faulty("gradient of the final states below lost", BACKWARD, "place.own(dstate)",
           "{k: v * (len(gradients) < 2) for k, v in place.own(dstate).items()}",
           "a loss on the final states reaches the highest level only",
           "BID-03/directions_mix_in_the_level_above"),
    faulty("halves of the cotangent exchanged below", BACKWARD, "k * width, (k + 1) * width",
           "*((0, width), (width, 2 * width))[k ^ (len(gradients) > 1)]",
           "only in the highest level does each direction get its own half",
           "BID-03/directions_mix_in_the_level_above"),
    faulty("dropout between levels", FORWARD, "levels.append(seen)",
           "levels.append(seen)\n"
           "        if len(levels) < len(levels_of(recurrent)):\n"
           "            outputs = [o * o.dtype.type(0.5) for o in outputs]",
           "what goes to the level above is scaled, as in training", "BID-04/each_level_reads_the_one_below"),
    faulty("final state of the lowest level for all", FORWARD, FINAL,
           "final |= place.named(levels[0][0][1].state if levels else done.state)",
           "every level's final state is that of the lowest", "BID-04/each_level_keeps_its_own_state"),
    faulty("parameters of one direction counted", COUNT, COUNTED,
           f"{COUNTED} if not name.endswith('_reverse')",
           "the backward direction's parameters are forgotten", "BID-04/counted"),
    faulty("states of the highest level only", FORWARD, FINAL,
           "final = {**(final if place.reverse else {}), **place.named(done.state)}",
           "of three levels one hands back its states", "BID-05/states_and_outputs_counted"),
    faulty("final backward state taken at the last step", FORWARD, FINAL,
           'final |= place.named({**done.state, "h": done.outputs[0]} if place.reverse else done.state)',
           "the second half of y_T is taken for the backward direction's final state",
           "BID-05/where_the_final_states_stand"),
    faulty("final states below exchanged", FORWARD, FINAL,
           "final |= level[-1 - place.reverse].named(done.state)",
           "the two directions' final states have each other's names",
           "BID-05/final_states_are_reached_in_reading_order"),
    faulty("levels above counted like the lowest", COUNT, "np.zeros(shape, np.float32)",
           "np.zeros(min(shape, layer.parameter_shapes.get(name.replace('_l1', '_l0'), shape)), np.float32)",
           "every level is taken to read m inputs", "BID-06/each_level_adds_parameters"),
]  # fmt: skip
