"""A client that costs next to nothing: the two ways compared differ by what the server does."""

import re
import socket


class Line:
    """One open connection that asks for one address again and again, with as little of a client as can be."""

    def __init__(self, port: int, path: str, **headers: str) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode()
        self.port = port
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def __call__(self) -> bytes:
        """The body of the answer. Anything but 200 is an error: a refusal is quick to measure, and nothing."""
        self.socket.sendall(self.request)
        said = b""
        while b"\r\n\r\n" not in said:
            said += self._more()
        head, _, body = said.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), said
        found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert found, head
        parts = [body]
        left = int(found[1]) - len(body)
        while left > 0:
            parts.append(self._more())
            left -= len(parts[-1])
        if re.search(rb"^connection: close", head, re.IGNORECASE | re.MULTILINE):
            self.socket.close()
            self.connect()
        return b"".join(parts)

    def _more(self) -> bytes:
        some = self.socket.recv(262144)
        assert some, "The server closed the connection."
        return some
