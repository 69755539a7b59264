"""What a visitor asks for beside its socket: the token against requests in its name, and the sending of a file."""

from __future__ import annotations

import http.client
import uuid
from email.message import Message
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

XSRF_COOKIE = "_streamlit_xsrf"


def xsrf_token(address: str) -> str:
    """The token that the server gives a visitor as a cookie; empty where it asks for none."""
    where = urlsplit(address)
    line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    try:
        line.request("GET", "/_stcore/health")
        answer = line.getresponse()
        answer.read()
        headers: Message = answer.headers
        cookies = SimpleCookie("; ".join(headers.get_all("Set-Cookie", [])))
        return cookies[XSRF_COOKIE].value if XSRF_COOKIE in cookies else ""
    finally:
        line.close()


def put(address: str, xsrf: str, url: str, name: str, content: bytes) -> int:
    """Send a file to the place that the server has named; the status of the answer."""
    boundary, where = uuid.uuid4().hex, urlsplit(address)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
    body = f"{head}Content-Type: text/csv\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "X-Xsrftoken": xsrf,
        "Cookie": f"{XSRF_COOKIE}={xsrf}",
    }
    line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    try:
        line.request("PUT", url, body, headers)
        answer = line.getresponse()
        answer.read()
        return answer.status
    finally:
        line.close()
