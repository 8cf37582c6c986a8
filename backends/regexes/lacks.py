"""What a dialect says when it cannot say a part of an expression."""


class Lacks(ValueError):
    """The dialect has no way to say a part of the expression.

    ``what`` names the part in a phrase that fits after "the dialect has no": ``look-behind``.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
