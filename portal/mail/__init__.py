"""What people are told by mail: who is told what, in which words, written once and sent at most once.

`telling` finds out who is told of an event; `letter` is what is said, in one source for text and HTML; `compose` makes
a mail of it in its reader's language; `outbox` keeps it and hands it over. Apps above bring their own letters.
"""
