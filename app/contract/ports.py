"""A port that nobody uses now, for what is started beside: a scratch switch, a test's server, a caller."""

import socket


def free_port(address: str = "127.0.0.1", *, kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """TCP, or UDP with SOCK_DGRAM. Somebody else may take it a moment later. Raises OSError for a foreign address."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])
