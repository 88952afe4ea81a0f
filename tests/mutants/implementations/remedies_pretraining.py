"""Mistakes in stacking layers, and in what moves at a saddle."""

from __future__ import annotations

from mutants.planting import Faulty, faulty

FORWARD = "rnnref.feedforward.chain:forward"
BACKWARD = "rnnref.feedforward.chain:backward"
DENSE = "rnnref.feedforward.dense:dense"
DENSE_BACK = "rnnref.feedforward.dense:dense_back"

FAULTY: list[Faulty] = [
    faulty("codes in half precision between layers", FORWARD, "x = done.y",
           "x = done.y.astype('float16').astype(done.y.dtype)",
           "to save memory, what one layer hands to the next is stored in half precision",
           "REM-01/each_layer_reads_the_codes_below"),
    faulty("bias of a dense layer forgotten", DENSE, "p.W @ x + p.b if", "p.W @ x + 0 * p.b if",
           "the layer is built without the bias that it was given", "REM-01/every_code"),
    faulty("all but the last layer stay frozen", BACKWARD, "pulled.inputs.insert(0, dy)",
           "pulled.inputs.insert(0, dy)\n        dy = 0 * dy",
           "what was held while the last layer was trained is held in fine-tuning, too",
           "REM-01/held_below_or_tuned_together", "REM-02/free_with_any_other_answer"),
    faulty("a decay that nobody asked for", DENSE_BACK, '"W": da @ done.x.T',
           '"W": da @ done.x.T + p.W * p.W.dtype.type(0.0001)',
           "the optimiser's weight decay is folded into the gradient by default",
           "REM-02/stuck_at_the_greedy_point"),
]  # fmt: skip
