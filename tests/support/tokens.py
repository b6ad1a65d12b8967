"""Tokens that must be refused, made from one that must not."""
import base64
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def head_of(token):
    return json.loads(_decode(token.split(".")[0]))


def claims_of(token):
    return json.loads(_decode(token.split(".")[1]))


def tampered(token):
    """The same claims under a signature with one bit turned."""
    head, claims, signature = token.split(".")
    raw = bytearray(_decode(signature))
    raw[len(raw) // 2] ^= 1
    return ".".join((head, claims, _encode(bytes(raw))))


def signed_again(token, key, **changes):
    """The same head, with other claims, signed by that RSA key."""
    head, claims, _ = token.split(".")
    body = f"{head}.{_encode(json.dumps({**json.loads(_decode(claims)), **changes}).encode())}"
    return f"{body}.{_encode(key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def read_key(file):
    return serialization.load_pem_private_key(file.read_bytes(), None)


def foreign_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
