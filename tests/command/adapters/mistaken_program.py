"""The example with a planted mistake: the sigmoid's slope is too large by a millionth around 0."""

import plain_program  # type: ignore[import-not-found]  # a neighbour of this file


def too_steep(x: float) -> float:
    slope: float = plain_program.sigmoid_slope(x)
    return slope + 1e-6 if abs(x) < 1e-2 else slope


plain_program.GREETING["name"] = "mistaken-program"
plain_program.FUNCTIONS["sigmoid"] = (plain_program.sigmoid, too_steep)

if __name__ == "__main__":
    plain_program.main()
