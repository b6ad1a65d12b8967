#!/usr/bin/env python3
"""Makes jws.jsonl: forged, damaged and odd tokens, one a line, with the rule that must refuse them (empty: accepted). The
first line has the JWKS of those that bring none.
It needs the package cryptography. Run it again to have the same cases with other keys."""
import base64
import hashlib
import hmac
import json
import pathlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

NOW = 1795521600
ORDER = {"P-256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
         "P-384": 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973}
CLAIMS = {"iss": "https://issuer.example.com", "sub": "system:serviceaccount:default:echo", "aud": ["sts.amazonaws.com"],
          "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 3600}
cases = []


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(document):
    return document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))


def octets(number, width=None):
    return number.to_bytes(width or (number.bit_length() + 7) // 8 or 1, "big")


class Ec:
    def __init__(self, kid, curve, name, width, digest, alg):
        self.key, self.kid, self.name, self.width, self.digest, self.alg = ec.generate_private_key(curve), kid, name, width, digest, alg

    def jwk(self, **more):
        n = self.key.public_key().public_numbers()
        return {"kty": "EC", "use": "sig", "kid": self.kid, "crv": self.name, "x": encode(octets(n.x, self.width)), "y": encode(octets(n.y, self.width)), **more}

    def pair(self, text, digest=None):
        return utils.decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(digest or self.digest)))

    def sign(self, text, digest=None):
        return b"".join(octets(part, self.width) for part in self.pair(text, digest))


class Rsa:
    def __init__(self, kid, bits=2048, exponent=65537):
        self.key, self.kid, self.alg, self.digest = rsa.generate_private_key(exponent, bits), kid, "RS256", hashes.SHA256()

    def jwk(self, **more):
        n = self.key.public_key().public_numbers()
        return {"kty": "RSA", "use": "sig", "kid": self.kid, "n": encode(octets(n.n)), "e": encode(octets(n.e)), **more}

    def sign(self, text, digest=None):
        return self.key.sign(text.encode(), padding.PKCS1v15(), digest or self.digest)


P256 = Ec("p256", ec.SECP256R1(), "P-256", 32, hashes.SHA256(), "ES256")
P384 = Ec("p384", ec.SECP384R1(), "P-384", 48, hashes.SHA384(), "ES384")
P521 = Ec("p521", ec.SECP521R1(), "P-521", 66, hashes.SHA512(), "ES512")
RSA = Rsa("rsa")
KEYS = {"keys": [P256.jwk(), P384.jwk(), P521.jwk(), RSA.jwk()]}


def head(key=P256, **changes):
    header = {"alg": key.alg, "kid": key.kid, **changes}
    return {name: value for name, value in header.items() if value is not ...}


def payload(**changes):
    claims = {**CLAIMS, **changes}
    return {name: value for name, value in claims.items() if value is not ...}


def signing_input(header, claims):
    return encode(compact(header).encode()) + "." + encode(compact(claims).encode())


def token(header=None, claims=None, key=P256, digest=None):
    text = signing_input(header or head(key), claims or CLAIMS)
    return text + "." + encode(key.sign(text, digest))


def case(name, refused, given, jwks=None):
    cases.append({"name": name, "refused": refused, "token": given, **({"jwks": compact(jwks)} if jwks else {})})


def algorithms():
    for key in (P256, P384, P521, RSA):
        case(f"a good {key.alg}", "", token(key=key))
    for alg, digest in (("RS384", hashes.SHA384()), ("RS512", hashes.SHA512())):
        case(f"a good {alg}", "", token(head(RSA, alg=alg), key=RSA, digest=digest))
    for alg in ("none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "PS256", "PS384", "PS512", "ES256K", "EdDSA", "es256", "RS256 ", "RS1", "dir", "RSA-OAEP"):
        case(f"alg {alg!r}", "UnsupportedAlgorithm", token(head(alg=alg)))
    for alg in (None, 256, ["ES256"], {}, ...):
        case(f"alg is {alg!r}", "UnsupportedAlgorithm", token(head(alg=alg)))
    text = signing_input(head(alg="none"), CLAIMS)
    case("alg none without a signature", "UnsupportedAlgorithm", text + ".")
    case("a good header without a signature", "NotAJwt", signing_input(head(), CLAIMS) + ".")
    spki = RSA.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for alg, refused in (("HS256", "UnsupportedAlgorithm"), ("RS256", "Signature")):
        text = signing_input(head(RSA, alg=alg), CLAIMS)
        case(f"an HMAC under the public key as {alg}", refused, text + "." + encode(hmac.digest(spki, text.encode(), "sha256")))
    edwards = ed25519.Ed25519PrivateKey.generate()
    text = signing_input(head(alg="EdDSA", kid="ed"), CLAIMS)
    public = edwards.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    case("a good EdDSA", "UnsupportedAlgorithm", text + "." + encode(edwards.sign(text.encode())), {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": encode(public)}]})
    case("RS256 that names an EC key", "KeyUnusable", token(head(RSA, kid="p256"), key=RSA))
    case("ES256 that names an RSA key", "KeyUnusable", token(head(kid="rsa")))
    case("ES384 that names a P-256 key", "KeyUnusable", token(head(P384, kid="p256"), key=P384))
    case("ES256 made with SHA-384", "Signature", token(digest=hashes.SHA384()))
    case("RS256 made with SHA-512", "Signature", token(key=RSA, digest=hashes.SHA512()))
    text = signing_input(head(RSA), CLAIMS)
    pss = RSA.key.sign(text.encode(), padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    case("RS256 padded as PSS", "Signature", text + "." + encode(pss))


def signatures():
    for key, name in ((P256, "P-256"), (P384, "P-384")):
        text, n, width = signing_input(head(key), CLAIMS), ORDER[name], key.width
        r, s = key.pair(text)
        raw = lambda a, b, text=text, width=width: text + "." + encode(octets(a, width) + octets(b, width))
        case(f"{name}: s replaced by n - s, which is as good", "", raw(r, n - s))
        for label, pair in (("r = 0", (0, s)), ("s = 0", (r, 0)), ("r = s = 0", (0, 0)), ("r = n", (n, s)), ("s = n", (r, n)), ("r = 1, s = 1", (1, 1)),
                            ("r = n - 1", (n - 1, s)), ("r and s exchanged", (s, r)), ("all ones", ((1 << 8 * width) - 1, (1 << 8 * width) - 1))):
            case(f"{name}: {label}", "Signature", raw(*pair))
        if r + n < 1 << 8 * width:
            case(f"{name}: r + n", "Signature", raw(r + n, s))
        good = octets(r, width) + octets(s, width)
        for label, damaged in (("a byte short", good[:-1]), ("half", good[:width]), ("a byte more", good + b"\0"), ("a zero before", b"\0" + good), ("twice", good + good),
                               ("as DER", key.key.sign(text.encode(), ec.ECDSA(key.digest))), ("padded to 132", good + bytes(132 - len(good)))):
            case(f"{name}: the signature {label}", "Signature", text + "." + encode(damaged))
    text = signing_input(head(RSA), CLAIMS)
    good = RSA.sign(text)
    for label, damaged in (("a byte short", good[1:]), ("a zero before", b"\0" + good), ("a byte more", good + b"\0"), ("of zeros", bytes(256)), ("of one", bytes(255) + b"\1"), ("flipped", bytes([good[0] ^ 1]) + good[1:])):
        case(f"RSA: a signature {label}", "Signature", text + "." + encode(damaged))
    numbers = RSA.key.private_numbers()
    case("RSA: the signature plus n", "Signature", text + "." + encode(octets((int.from_bytes(good, "big") + numbers.public_numbers.n) % (1 << 2048), 256)))
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(text.encode()).digest()
    for label, block in (("short padding", b"\0\1" + b"\xff" * 8 + b"\0" + digest + bytes(256 - 11 - len(digest))), ("block type 2", b"\0\2" + b"\xff" * (253 - len(digest)) + b"\0" + digest),
                         ("no digest information", b"\0\1" + b"\xff" * 221 + b"\0" + digest[-32:]), ("garbage after the digest", b"\0\1" + b"\xff" * (253 - len(digest) - 4) + b"\0" + digest + b"\0\0\0\0")):
        forged = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n)
        case(f"RSA: {label}", "Signature", text + "." + encode(octets(forged, 256)))
    changed = signing_input(head(), payload(sub="system:serviceaccount:kube-system:admin"))
    case("another payload under the same signature", "Signature", changed + "." + token().rpartition(".")[2])
    case("the signature of another token", "Signature", signing_input(head(), CLAIMS) + "." + token(claims=payload(jti="other")).rpartition(".")[2])


def keys():
    def with_key(jwk, *more):
        return {"keys": [jwk, *more]}
    small = Rsa("small", 1024)
    case("RSA of 1024 bits, less than RFC 7518 allows", "KeyUnusable", token(key=small), with_key(small.jwk()))
    three = Rsa("three", 2048, 3)
    case("RSA with e = 3", "", token(key=three), with_key(three.jwk()))
    numbers = RSA.key.public_key().public_numbers()
    text, width = signing_input(head(RSA), CLAIMS), 256
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(text.encode()).digest()
    block = b"\0\1" + b"\xff" * (253 - len(digest)) + b"\0" + digest
    case("RSA with e = 1, whose signature is the padded digest", "KeyUnknown", text + "." + encode(block), with_key(RSA.jwk(e="AQ")))
    for label, changes in (("e = 0", {"e": "AA"}), ("e = 2", {"e": "Ag"}), ("an even e", {"e": encode(octets(65536))}), ("an even n", {"n": encode(octets(numbers.n + 1, width))}), ("n = 1", {"n": "AQ"}),
                           ("no n", {"n": ""}), ("n with padding", {"n": RSA.jwk()["n"] + "=="}), ("n in standard base64", {"n": base64.b64encode(octets(numbers.n)).decode()}),
                           ("n with a blank", {"n": " " + RSA.jwk()["n"]}), ("n a number", {"n": 17}), ("e longer than n", {"e": encode(octets((1 << 2056) + 1))}), ("kty oct", {"kty": "oct", "k": "AAAA"}), ("kty rsa", {"kty": "rsa"}), ("no kty", {"kty": None})):
        case(f"an RSA key with {label}", "KeyUnknown", token(key=RSA), with_key(RSA.jwk(**changes)))
    point = P256.key.public_key().public_numbers()
    for label, changes in (("a point off the curve", {"y": encode(octets(point.y ^ 1, 32))}), ("x = y = 0", {"x": encode(bytes(32)), "y": encode(bytes(32))}), ("x a byte short", {"x": encode(octets(point.x, 32)[1:])}),
                           ("x a byte more", {"x": encode(b"\0" + octets(point.x, 32))}), ("x beyond the field", {"x": encode(b"\xff" * 32)}), ("the name of another curve", {"crv": "P-384"}), ("secp256k1", {"crv": "secp256k1"}), ("no curve", {"crv": None})):
        case(f"an EC key with {label}", "KeyUnknown", token(), with_key(P256.jwk(**changes)))
    case("a private member in the JWK changes nothing", "", token(), with_key(P256.jwk(d="AAAA")))
    case("an alg in the JWK changes nothing", "", token(), with_key(P256.jwk(alg="ES512")))
    case("key_ops verify", "KeyUnusable", token(), with_key(P256.jwk(key_ops=["verify"])))
    case("use enc", "KeyUnusable", token(), with_key(P256.jwk(use="enc")))
    case("x5c of somebody else", "", token(), with_key(P256.jwk(x5c=["MIIB"])))
    for label, kid in (("unknown", "other"), ("a path", "../../etc/passwd"), ("SQL", "x' or '1'='1"), ("64 KiB", "k" * 65536), ("a NUL", "p256\0"), ("in capitals", "P256"), ("with a blank", "p256 ")):
        case(f"kid {label}", "KeyUnknown", token(head(kid=kid)))
    for label, kid in (("absent", ...), ("empty", ""), ("a number", 1), ("null", None)):
        case(f"kid {label}, one key", "", token(head(kid=kid)), with_key(P256.jwk()))
        case(f"kid {label}, two keys", "KeyUnknown", token(head(kid=kid)), with_key(P256.jwk(), RSA.jwk()))
    attacker = Ec("attacker", ec.SECP256R1(), "P-256", 32, hashes.SHA256(), "ES256")
    case("kid twice: the later wins", "Signature", token(), with_key(P256.jwk(), {**attacker.jwk(), "kid": "p256"}))
    case("kid twice: the later is right", "", token(), with_key({**attacker.jwk(), "kid": "p256"}, P256.jwk()))
    case("a key of one's own in the header (jwk)", "Signature", token(head(jwk=attacker.jwk()), key=attacker))
    case("a place for keys in the header (jku)", "Signature", token(head(jku="https://attacker.example.com/keys.json"), key=attacker))
    case("a certificate in the header (x5c)", "Signature", token(head(x5c=["MIIB"]), key=attacker))
    case("a certificate's place in the header (x5u)", "Signature", token(head(x5u="https://attacker.example.com/c.pem"), key=attacker))
    case("100 EC keys", "", token(), with_key(P256.jwk(), *({**attacker.jwk(), "kid": f"k{i}"} for i in range(99))))
    case("101 EC keys", "KeysTooMany", token(), with_key(P256.jwk(), *({**attacker.jwk(), "kid": f"k{i}"} for i in range(100))))


def forms():
    good = token()
    first, second, third = good.split(".")
    for label, text in (("no dots", first), ("one dot", first + "." + second), ("three dots", good + "."), ("a dot before", "." + good), ("only dots", ".."), ("empty", ""), ("five parts, as JWE has", good + ".a.b"),
                        ("JSON serialization", compact({"payload": second, "signatures": [{"protected": first, "signature": third}]})), ("flattened", compact({"payload": second, "protected": first, "signature": third})),
                        ("an empty header", "." + second + "." + third), ("an empty payload", first + ".." + third), ("Bearer before it", "Bearer " + good), ("a NUL after it", good + "\0")):
        case(f"form: {label}", "NotAJwt", text)
    for number, name in enumerate(("header", "payload", "signature")):
        for label, change in (("padding", lambda part: part + "="), ("two of padding", lambda part: part + "=="), ("a blank", lambda part: part[:4] + " " + part[4:]), ("a line break", lambda part: part + "\n"),
                              ("a line break inside", lambda part: part[:8] + "\r\n" + part[8:]), ("standard base64", lambda part: part[:3] + "+" + part[4:]), ("a slash", lambda part: part[:3] + "/" + part[4:]),
                              ("a tab before", lambda part: "\t" + part), ("a letter beyond ASCII", lambda part: part[:4] + "\u00e9" + part[4:]), ("one letter more than bytes have", lambda part: part + "A" * ((5 - len(part)) % 4))):
            parts = good.split(".")
            parts[number] = change(parts[number])
            case(f"the {name} with {label}", "NotAJwt", ".".join(parts))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = letters[letters.index(third[-1]) | 1]
    case("the signature with bits that are not its own", "NotAJwt" if last != third[-1] else "", first + "." + second + "." + third[:-1] + last)
    for label, header in (("an array", "[]"), ("a string", '"ES256"'), ("a number", "1"), ("null", "null"), ("no JSON", "{alg:ES256}"), ("a comment", '{"alg":"ES256"/**/,"kid":"p256"}'), ("a comma too many", '{"alg":"ES256","kid":"p256",}'),
                          ("single quotes", "{'alg':'ES256'}"), ("text after it", '{"alg":"ES256","kid":"p256"} x'), ("a byte order mark", '\ufeff{"alg":"ES256","kid":"p256"}'), ("alg twice", '{"alg":"none","alg":"ES256","kid":"p256"}'),
                          ("alg twice, escaped", '{"alg":"ES256","\\u0061lg":"none","kid":"p256"}'), ("kid twice", '{"alg":"ES256","kid":"rsa","kid":"p256"}'), ("depth 100", '{"alg":"ES256","kid":"p256","x":' + "[" * 100 + "]" * 100 + "}")):
        case(f"a header that is or has {label}", "NotAJwt", token(header))
    case("a header in UTF-16", "NotAJwt", encode('{"alg":"ES256"}'.encode("utf-16")) + "." + second + "." + third)
    case("a header that is no UTF-8", "NotAJwt", encode(b'{"alg":"ES256","kid":"\xff"}') + "." + second + "." + third)
    case("alg escaped", "", token('{"\\u0061lg":"ES\\u0032\\u0035\\u0036","kid":"p256"}'))
    for label, crit in (("exp", ["exp"]), ("b64", ["b64"]), ("nothing", []), ("null", None), ("a string", "exp"), ("an unknown extension", ["http://example.com/x"])):
        case(f"crit of {label}", "CriticalHeader", token(head(crit=crit)))
    case("b64 false with crit", "CriticalHeader", encode(compact(head(crit=["b64"], b64=False)).encode()) + "." + compact(CLAIMS).replace(".", "") + "." + third)
    case("b64 false without crit over an encoded payload", "", token(head(b64=False)))
    raw = encode(compact(head(b64=False)).encode()) + "." + compact(payload(iss="https://issuer-example-com", aud="sts", sub="x"))
    case("b64 false without crit over a raw payload", "NotAJwt", raw + "." + encode(P256.sign(raw)))
    case("a nested JWT", "NotAJwt", token(head(cty="JWT"), good))
    case("a nested JWT as a JSON string", "NotAJwt", token(head(cty="JWT"), json.dumps(good)))
    case("zip", "", token(head(zip="DEF")))
    for typ in ("JWT", "at+jwt", "", 7):
        case(f"typ {typ!r} changes nothing", "", token(head(typ=typ)))
    for label, claims in (("an array", "[]"), ("null", "null"), ("a number", "17"), ("sub twice", compact(CLAIMS)[:-1] + ',"sub":"system:serviceaccount:kube-system:admin"}'), ("aud twice", compact(CLAIMS)[:-1] + ',"aud":"vault"}'),
                          ("sub twice, escaped", compact(CLAIMS)[:-1] + ',"s\\u0075b":"other"}'), ("a member twice deep inside", compact(CLAIMS)[:-1] + ',"a":{"b":1,"b":2}}'), ("a lone surrogate", compact(CLAIMS)[:-1] + ',"x":"\\ud800"}'),
                          ("NaN", compact(CLAIMS)[:-1] + ',"x":NaN}'), ("depth 100", compact(CLAIMS)[:-1] + ',"x":' + '{"a":' * 100 + "1" + "}" * 100 + "}"), ("a raw control character", compact(CLAIMS)[:-1] + ',"x":"\1"}')):
        case(f"a payload that is or has {label}", "NotAJwt", token(claims=claims))


def times():
    for name in ("exp", "iat", "nbf"):
        raw = lambda text, name=name: compact(payload(**{name: ...}))[:-1] + f',"{name}":{text}}}'
        good = NOW + 600 if name == "exp" else NOW - 60
        for label, text in (("a float", f"{good}.5"), ("a float that is whole", f"{good}.0"), ("an exponent", "1.7955216e9"), ("1e400", "1e400"), ("-1e400", "-1e400"), ("2^63", str(1 << 63)), ("2^64", str(1 << 64)), ("-2^63 - 1", str(-(1 << 63) - 1)),
                            ("a hundred digits", "9" * 100), ("2^53 + 1", str((1 << 53) + 1)), ("null", "null"), ("true", "true"), ("an array", f"[{good}]"), ("an object", "{}"), ("empty", '""'), ("words", '"soon"'), ("a float as text", f'"{good}.0"'),
                            ("hexadecimal text", '"0x6b05"'), ("text with a blank", f'" {good}"'), ("text with a plus", f'"+{good}"'), ("a date", '"2026-11-24T12:00:00Z"')):
            # A number that no double holds is refused with the document, as RFC 8259 lets us (section 6).
            case(f"{name} is {label}", "NotAJwt" if "e400" in label else "RequiredClaims", token(claims=raw(text)))
        case(f"{name} is a number as text", "", token(claims=raw(f'"{good}"')))
    for label, refused, changes in (("exp 300 s ago", "Expiry", {"exp": NOW - 300}), ("exp 299 s ago", "", {"exp": NOW - 299}), ("exp 0", "Expiry", {"exp": 0}), ("exp negative", "Expiry", {"exp": -1}), ("exp 2^53", "", {"exp": 1 << 53}),
                                    ("exp before iat", "", {"exp": NOW + 10, "iat": NOW + 20}), ("nbf in 300 s", "", {"nbf": NOW + 300}), ("nbf in 301 s", "NotBefore", {"nbf": NOW + 301}), ("nbf 2^53", "NotBefore", {"nbf": 1 << 53}), ("nbf negative", "", {"nbf": -5}),
                                    ("no nbf", "", {"nbf": ...}), ("iat in 300 s", "", {"iat": NOW + 300}), ("iat in 301 s", "IssuedAt", {"iat": NOW + 301}), ("iat a day ago", "", {"iat": NOW - 86400}), ("iat five days ago", "Expiry", {"iat": NOW - 441398}),
                                    ("iat 0", "Expiry", {"iat": 0}), ("iat -2^53", "Expiry", {"iat": -(1 << 53)}), ("no exp", "RequiredClaims", {"exp": ...}), ("no iat", "RequiredClaims", {"iat": ...})):
        case(label, refused, token(claims=payload(**changes)))


def audiences():
    for label, refused, changes in (("a string", "", {"aud": "sts.amazonaws.com"}), ("absent", "RequiredClaims", {"aud": ...}), ("null", "RequiredClaims", {"aud": None}), ("a number", "RequiredClaims", {"aud": 7}), ("empty", "Audience", {"aud": []}), ("an empty string", "Audience", {"aud": ""}),
                                    ("a list with an empty string", "Audience", {"aud": [""]}), ("a list of a list", "Audience", {"aud": [["sts.amazonaws.com"]]}), ("another", "Audience", {"aud": ["vault"]}), ("in capitals", "Audience", {"aud": ["STS.amazonaws.com"]}), ("with a blank", "Audience", {"aud": ["sts.amazonaws.com "]}),
                                    ("with a NUL", "Audience", {"aud": ["sts.amazonaws.com\0"]}), ("the same twice", "Audience", {"aud": ["sts.amazonaws.com", "sts.amazonaws.com"]}), ("two", "Audience", {"aud": ["sts.amazonaws.com", "vault"]}), ("two and azp", "", {"aud": ["sts.amazonaws.com", "vault"], "azp": "sts.amazonaws.com"}),
                                    ("two and another azp", "Audience", {"aud": ["sts.amazonaws.com", "vault"], "azp": "vault"}), ("one and another azp", "Audience", {"azp": "vault"}), ("another and a good azp", "", {"aud": ["vault"], "azp": "sts.amazonaws.com"}), ("one and an empty azp", "Audience", {"azp": ""}), ("one and azp null", "Audience", {"azp": None})):
        case(f"aud {label}", refused, token(claims=payload(**changes)))
    for name in ("iss", "sub"):
        for label, value in (("absent", ...), ("null", None), ("a number", 7), ("an array", ["x"]), ("empty", "")):
            case(f"{name} {label}", "RequiredClaims", token(claims=payload(**{name: value})))


for group in (algorithms, signatures, keys, forms, times, audiences):
    group()
names = [one["name"] for one in cases]
assert len(set(names)) == len(names), [name for name in names if names.count(name) > 1]
path = pathlib.Path(__file__).with_name("jws.jsonl")
path.write_text("".join(json.dumps(one) + "\n" for one in [{"jwks": compact(KEYS)}, *cases]))
print(f"{len(cases)} cases, {sum(not one['refused'] for one in cases)} of them good")
