"""Seals on the record: hashed every minute, published, verified. What was changed is found and named.

`form` is how a row is written down to be hashed, `sealing` makes seals, `verifying` recomputes them, `published` is
what stands outside the database, so that whoever rewrites all of it is found out too.
"""
