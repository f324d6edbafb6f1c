"""A small OpenID Connect provider: the authorization code flow with PKCE, tokens signed with RS256.

    python -m tests.openid_provider 9999

serves one at http://127.0.0.1:9999. Whoever comes types in who they are (no password: it is for
tests), and tests in the same process change what it says (`Provider.claims`, `Provider.wrong`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, SECRET = "pairing", "s3cr3t-of-the-application"
PAGE = """<!doctype html><html lang="en"><title>District</title><h1>District sign-in</h1>
<form method="post"><label>Who are you? <input name="who"></label>
<button>Continue</button></form><a href="{cancel}">Cancel</a>"""


@cache
def key_of(whose: str) -> rsa.RSAPrivateKey:
    """Made once for each: that takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """What it knows, and what it gets wrong on purpose."""

    def __init__(self, port: int = 0, whose_key: str = "the provider's") -> None:
        self.key = key_of(whose_key)
        self.server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, str] = {}
        self.claims: dict[str, dict[str, Any]] = {}  # by who; else it is their sub and name
        self.wrong: dict[str, Any] = {}  # claims of the id_token, `config`, `userinfo`
        self.asked: list[str] = []

    def config(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        } | self.wrong.get("config", {})

    def claims_of(self, who: str) -> dict[str, Any]:
        return {"sub": f"sub-{who[:5]}", "preferred_username": who} | self.claims.get(who, {})

    def answer(self, asked: dict[str, str], who: str) -> str:
        """Where the browser goes, with a code."""
        code = secrets.token_urlsafe()
        self.codes[code] = asked | {"who": who}
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def tokens_for(self, sent: dict[str, str], authorization: str) -> dict[str, Any] | None:
        asked = self.codes.pop(sent.get("code", ""), None)
        known = base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
        if asked is None or authorization != f"Basic {known}":
            return None
        made = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        if asked["code_challenge"] != base64.urlsafe_b64encode(made).rstrip(b"=").decode():
            return None
        if asked["redirect_uri"] != sent["redirect_uri"]:
            return None
        access = secrets.token_urlsafe()
        self.tokens[access] = asked["who"]
        return {"access_token": access, "token_type": "Bearer", "id_token": self._id_token(asked)}

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = self.claims_of(asked["who"]) | {
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"],
        }  # fmt: skip
        claims |= {k: v for k, v in self.wrong.items() if k not in ("config", "userinfo")}
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "1"})

    def keys(self) -> dict[str, Any]:
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [key | {"kid": "1", "alg": "RS256", "use": "sig"}]}


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path)
            asked = dict(parse_qsl(path.query))
            provider.asked.append(path.path)
            gives: dict[str, Callable[[], Any]] = {
                "/.well-known/openid-configuration": provider.config,
                "/keys": provider.keys,
                "/userinfo": self._userinfo,
            }
            if path.path == "/authorize":
                back = {"error": "access_denied", "state": asked["state"]}
                cancel = f"{asked['redirect_uri']}?{urlencode(back)}".replace("&", "&amp;")
                self._send(200, PAGE.format(cancel=cancel), "text/html")
            elif path.path == "/elsewhere":
                self.send_response(307)
                self.send_header("Location", f"{provider.issuer}/userinfo")
                self.end_headers()
            elif path.path in gives:
                self._json(gives[path.path]())
            else:
                self._send(404, "")

        def do_POST(self) -> None:
            path = urlsplit(self.path)
            length = int(self.headers["Content-Length"])
            sent = dict(parse_qsl(self.rfile.read(length).decode()))
            if path.path == "/authorize":
                self.send_response(303)
                where = provider.answer(dict(parse_qsl(path.query)), sent["who"])
                self.send_header("Location", where)
                self.end_headers()
            else:
                tokens = provider.tokens_for(sent, self.headers.get("Authorization", ""))
                self._json(tokens or {"error": "invalid_grant"}, 200 if tokens else 400)

        def _userinfo(self) -> Any:
            token = self.headers["Authorization"].removeprefix("Bearer ")
            return provider.claims_of(provider.tokens[token]) | provider.wrong.get("userinfo", {})

        def _json(self, body: Any, status: int = 200) -> None:
            self._send(status, json.dumps(body), "application/json")

        def _send(self, status: int, text: str, kind: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def running() -> Iterator[Provider]:
    """One in this process."""
    provider = Provider()
    thread = Thread(target=provider.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        provider.server.server_close()
        thread.join()


if __name__ == "__main__":
    made = Provider(int(sys.argv[1]))
    print(made.issuer, flush=True)
    made.server.serve_forever()
