"""Telling programs of partners what happened: an outbox, one signed request a delivery, tried until it arrives.

`events` says what an audit event is told as and to whom; `outbox` keeps it, in the transaction of the change;
`payloads` composes what is said, by what may be told when it goes out; `signing` signs it; `addresses` and `sending`
bring it there and nowhere else; `delivering` is the job around them; `clock` finds what happens without anybody's act.
"""
