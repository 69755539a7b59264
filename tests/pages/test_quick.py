"""What is done once per server, so that reruns are quick."""

import socket

from pages.shared import quick


def test_small_messages_are_never_held_back() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as earlier:
            assert not is_sent_at_once(earlier), "otherwise this test shows nothing"
            quick.send_at_once()
            assert is_sent_at_once(earlier)
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as later:
            assert is_sent_at_once(later)


def is_sent_at_once(connection: socket.socket) -> bool:
    return bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
