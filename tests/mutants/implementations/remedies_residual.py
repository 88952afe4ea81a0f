"""Mistakes in residual blocks."""

from __future__ import annotations

from mutants.planting import Faulty, faulty

BLOCK = "rnnref.feedforward.residual:residual"
BACK = "rnnref.feedforward.residual:residual_back"
Y = "y = x + inside[-1].y"
DX = "dx = dy + back.inputs[0]"

FAULTY: list[Faulty] = [
    faulty("activation after the addition", BLOCK, Y, "y = (x + inside[-1].y).clip(min=0)",
           "a ReLU follows the addition, as in the first paper on residual networks",
           "REM-25/sum_of_what_blocks_add"),
    faulty("survival left in the branch", BLOCK, Y, "y = x + inside[-1].y * 0.875",
           "the branch is scaled by the probability with which it survived training",
           "REM-25/sum_of_what_blocks_add"),
    faulty("branch detached", BACK, DX, "dx = dy",
           "the input of the branch is detached, so the gradient takes the shortcut only",
           "REM-25/product_and_sum", "REM-26/halved_doubled_or_neither",
           "REM-27/one_block_stops_everything"),
    faulty("shortcut detached", BACK, DX, "dx = back.inputs[0]",
           "the input is added without being recorded for differentiation",
           "REM-26/between_the_powers", "REM-26/smallest_singular_value", "REM-26/bounded_by_the_sum"),
    faulty("gradient halved at the fork", BACK, DX, "dx = (dy + back.inputs[0]) / 2",
           "where two gradients meet their mean is taken and not their sum",
           "REM-26/scaled_down_by_the_depth", "REM-26/bounded_by_the_sum"),
    faulty("sum not normalised on the way back only", BACK, DX,
           "dx = (dy + back.inputs[0]) * dy.dtype.type(2**0.5)",
           "the forward pass was once divided by √2, and the backward pass still makes up for it",
           "REM-26/smallest_singular_value", "REM-26/bounded_by_the_sum",
           "REM-27/otherwise_something_arrives"),
    faulty("branch that learns twice", BACK, "return dx, back.parameters",
           "return dx, {name: 2 * value for name, value in back.parameters.items()}",
           "the gradients of the branch's weights are added up twice, once for each way",
           "REM-25/product_and_sum"),
    faulty("branch clipped", BACK, DX, "dx = dy + back.inputs[0].clip(-0.99, 0.99)",
           "the gradient of the branch is kept away from cancelling that of the shortcut",
           "REM-27/one_block_stops_everything"),
    faulty("branch transposed", BACK, DX, "dx = dy + back.inputs[0][::-1]",
           "the units of the branch are counted from the other end",
           "REM-27/eigenvalue_of_minus_one"),
]  # fmt: skip
