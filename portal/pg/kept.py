"""Which statements keep their plan."""


class Kept(str):
    """A statement that reaches few rows by a key, whoever asks: planned once a connection instead of at every call.

    Planning such a one takes ten times as long as running it. Any other statement is planned anew each time, for the
    values it is asked with: one provider may hold half of all rows and another ten, and a plan made for anybody is
    right for neither.
    """

    __slots__ = ()
