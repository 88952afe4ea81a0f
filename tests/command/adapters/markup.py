"""An adapter whose every text would do harm on a page, or break one, if it were taken for markup."""

from __future__ import annotations

from typing import Any

from rnnspec.implementations.numpy_ import NumpyImplementation

NAME = "<script>alert('\"&')</script>{{ 7 * 6 }}"


class Markup(NumpyImplementation):
    name = NAME
    version = "1</td>\x1b[31m\x00"
    declares = {"<b>": "]]>"}  # noqa: RUF012  # an adapter is a plain object

    def activation_vjp(self, kind: str, x: Any, dy: Any, *alpha: Any) -> Any:
        raise ValueError("]]></failure><img src=x>\x00\x08\ufffe")
