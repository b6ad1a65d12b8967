"""An issuer as a test makes one: its key, documents and tokens, independent of our own code (the cryptography package)."""
import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """A P-256 key with the kid that Kubernetes would give it."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        spki = self.private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.kid = encode(hashlib.sha256(spki).digest())

    def jwk(self, **more):
        numbers = self.private.public_key().public_numbers()
        x, y = (encode(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"use": "sig", "kty": "EC", "kid": self.kid, "alg": "ES256", "crv": "P-256", "x": x, "y": y, **more}

    def sign(self, text):
        r, s = utils.decode_dss_signature(self.private.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def compact(document):
    return encode(json.dumps(document, separators=(",", ":")).encode())


class Issuer:
    def __init__(self, url, subject, key=None):
        self.url, self.subject, self.key = url, subject, key or Key()

    def claims(self, without=(), **changes):
        now = int(time.time())
        claims = {"iss": self.url, "sub": self.subject, "aud": ["sts.amazonaws.com"], "iat": now, "nbf": now, "exp": now + 3600, **changes}
        return {name: value for name, value in claims.items() if name not in without}

    def token(self, without=(), header=None, key=None, **changes):
        """`header` replaces members of the header; a member that is None goes."""
        head = {"alg": "ES256", "kid": self.key.kid, **(header or {})}
        text = compact({name: value for name, value in head.items() if value is not None}) + "." + compact(self.claims(without, **changes))
        if head["alg"] == "HS256":
            return text + "." + encode(hmac.digest(b"secret", text.encode(), "sha256"))
        return text + "." + encode((key or self.key).sign(text))

    def discovery(self, **changes):
        return {"issuer": self.url, "jwks_uri": f"{self.url}/keys.json", "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"], **changes}
