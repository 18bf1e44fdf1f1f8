"""Which statements keep their plan."""


class Kept(str):
    """A statement that reaches few rows by a key, whoever asks: planned once a connection instead of at every call.

    Planning such a one takes ten times as long as running it. Any other statement is planned anew each time, for the
    values it is asked with: one provider may hold half of all rows and another ten, and a plan made for anybody is
    right for neither.
    """

    __slots__ = ()


class KeptForAll(Kept):
    """One that is planned once for whoever asks, also where PostgreSQL expects a plan for each to be better.

    For a question of many parts that each stop after few rows, whoever asks: planning it takes longer than its answer,
    and of what its parts cost without knowing the values PostgreSQL expects too much.
    """

    __slots__ = ()
