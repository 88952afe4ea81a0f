"""Feed-forward networks as a textbook page prints them: number by number, index by index.

A second writing, like `textbook`, that shares no code and no idea with `rnnref`. There is no
back-propagation on this page: where training needs a gradient, it is a central difference of
the loss. A variance is the mean of all squared differences between two members, without a mean.

Numbers are `mpf` of a context of the caller's. A link is a dictionary of its options, with a
"kind" of "dense", "batch norm" or "residual"; xs[b][j] is the input, and the output of every
link comes back. Parameters and running statistics are nested lists under names like "W_1",
"gamma_2", "mean_2", "b_3_1".

Sources: Rumelhart, Hinton and Williams 1986; Ioffe and Szegedy 2015; He et al. 2016; Bengio et
al. 2007.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reference.textbook import Number, Vector, sigmoid, tanh

Link = Mapping[str, Any]
Batch = list[Vector]


def run(
    mp: Any, links: Sequence[Link], p: Mapping[str, Any], xs: Batch, before: str = "", first: int = 1
) -> list[Batch]:
    """The output of every link, for every member of the batch; `first` is the place of links[0]."""
    outputs = []
    for k in range(len(links)):
        place = before + str(first + k)
        if links[k]["kind"] == "dense":
            xs = [dense(mp, links[k], p, place, x) for x in xs]
        elif links[k]["kind"] == "batch norm":
            xs = batch_norm(mp, links[k], p, place, xs)
        elif links[k]["kind"] == "residual":
            inside = run(mp, links[k]["inside"], p, xs, before=place + "_")[-1]
            xs = [[xs[b][j] + inside[b][j] for j in range(len(xs[b]))] for b in range(len(xs))]
        outputs.append(xs)
    return outputs


def dense(mp: Any, link: Link, p: Mapping[str, Any], place: str, x: Vector) -> Vector:
    """y[k] = phi( sum_j W[k][j] x[j] + b[k] )."""
    W = p["W_" + place]
    y = []
    for k in range(len(W)):
        a = mp.mpf(0)
        for j in range(len(x)):
            a += W[k][j] * x[j]
        if link["bias"]:
            a += p["b_" + place][k]
        y.append(phi(mp, link["activation"], link["alpha"], a))
    return y


def phi(mp: Any, kind: str, alpha: float | None, a: Number) -> Number:
    """The activations by their definitions."""
    if kind == "sigmoid":
        return sigmoid(mp, a)
    if kind == "tanh":
        return tanh(mp, a)
    if kind == "g_1997":
        return 4 / (1 + mp.exp(-a)) - 2
    if kind == "h_1997":
        return 2 / (1 + mp.exp(-a)) - 1
    if kind == "identity" or a > 0:
        return a
    return {"relu": 0 * a, "leaky_relu": a * (alpha or 0), "elu": (mp.exp(a) - 1) * (alpha or 0)}[kind]


def batch_norm(mp: Any, link: Link, p: Mapping[str, Any], place: str, xs: Batch) -> Batch:
    """y[b][k] = gamma[k] (x[b][k] - mean) / sqrt(variance + epsilon) + beta[k]."""
    ys: Batch = [[] for _ in xs]
    for k in range(len(xs[0])):
        if link["mode"] == "training":
            mean, variance = moments(mp, [x[k] for x in xs], biased=True)
        else:
            mean, variance = p["mean_" + place][k], p["variance_" + place][k]
        for b in range(len(xs)):
            normalised = (xs[b][k] - mean) / mp.sqrt(variance + mp.mpf(link["epsilon"]))
            ys[b].append(p["gamma_" + place][k] * normalised + p["beta_" + place][k])
    return ys


def moments(mp: Any, numbers: Vector, biased: bool) -> tuple[Number, Number]:
    """The mean, and the variance as half the mean square of the differences between members.

    Of all m^2 ordered pairs if biased, of the m (m - 1) pairs of different members if not.
    """
    m = len(numbers)
    squares = mp.mpf(0)
    for a in range(m):
        for b in range(m):
            squares += (numbers[a] - numbers[b]) ** 2
    pairs = m * m if biased else m * (m - 1)
    return mp.fsum(numbers) / m, squares / (2 * pairs)


def running_statistics(
    mp: Any, links: Sequence[Link], p: Mapping[str, Any], xs: Batch, before: str = ""
) -> dict[str, Any]:
    """(1 - momentum) times the old and momentum times the batch's, where there is training."""
    new: dict[str, Any] = {}
    outputs = run(mp, links, p, xs, before)
    for k in range(len(links)):
        place = before + str(k + 1)
        reads = outputs[k - 1] if k > 0 else xs
        if links[k]["kind"] == "residual":
            new |= running_statistics(mp, links[k]["inside"], p, reads, place + "_")
        elif links[k]["kind"] == "batch norm":
            mean, variance = list(p["mean_" + place]), list(p["variance_" + place])
            if links[k]["mode"] == "training":
                weight = mp.mpf(links[k]["momentum"])
                for j in range(len(mean)):
                    column = [x[j] for x in reads]
                    now = moments(mp, column, biased=links[k]["running"] == "biased")
                    mean[j] = (1 - weight) * mean[j] + weight * now[0]
                    variance[j] = (1 - weight) * variance[j] + weight * now[1]
            new |= {"mean_" + place: mean, "variance_" + place: variance}
    return new


def loss(mp: Any, links: Sequence[Link], p: Mapping[str, Any], xs: Batch, ts: Batch) -> Number:
    """E = 1/2 sum_b sum_k (y[b][k] - t[b][k])^2."""
    ys = run(mp, links, p, xs)[-1]
    return sum(((ys[b][k] - ts[b][k]) ** 2 for b in range(len(ts)) for k in range(len(ts[b]))), mp.mpf(0)) / 2


def descend(
    mp: Any, links: Sequence[Link], p: dict[str, Any], trained: list[str], xs: Batch, ts: Batch, how: Link
) -> list[Number]:
    """Change the parameters called `trained` in place; returns E before, between and after the steps."""

    def penalised() -> Number:
        squares = [w * w for name in trained if name.startswith("W") for row in p[name] for w in row]
        return loss(mp, links, p, xs, ts) + mp.mpf(how["l2"]) * mp.fsum(squares)

    losses = [loss(mp, links, p, xs, ts)]
    for _ in range(how["steps"]):
        places = [(row, k) for name in trained for row in rows(p[name]) for k in range(len(row))]
        slopes = [difference(mp, penalised, row, k) for row, k in places]
        for (row, k), slope in zip(places, slopes, strict=True):
            row[k] = row[k] - mp.mpf(how["learning_rate"]) * slope
        losses.append(loss(mp, links, p, xs, ts))
    return losses


def pretrain(
    mp: Any, stages: Sequence[Sequence[Link]], parameters: list[dict[str, Any]], xs: Batch, how: Link
) -> tuple[list[list[Number]], list[Batch]]:
    """Train encoder and decoder of every stage, in place; returns the losses and codes of the stages."""
    losses, codes = [], []
    for links, p in zip(stages, parameters, strict=True):
        losses.append(descend(mp, links, p, list(p), xs, xs, how))
        xs = run(mp, links, p, xs)[0]
        codes.append(xs)
    return losses, codes


def difference(mp: Any, function: Any, row: Vector, k: int) -> Number:
    """The central difference of a function of nothing, when row[k] moves.

    It errs by the square of the step and by the rounding over the step: 2^-2p/5 and 2^-4p/5.
    """
    step = mp.ldexp(1, -mp.prec // 5)
    here = row[k]
    row[k] = here + step
    after = function()
    row[k] = here - step
    before = function()
    row[k] = here
    return (after - before) / (2 * step)


def rows(tensor: Any) -> Iterator[list[Any]]:
    """The innermost lists."""
    if isinstance(tensor[0], list):
        for each in tensor:
            yield from rows(each)
    else:
        yield tensor
