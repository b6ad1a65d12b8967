"""Measures `irsa sim` on this machine: server on core 0, load on core 1, http, 8 kept-alive connections.

AssumeRoleWithWebIdentity with RS256 and ES256 tokens; start to ready line and resident memory; and the same loop of
CreateRole, GetRole, PutObject and GetObject, signed beforehand, against moto's server; and the policy language by itself.
Writes bench/data/sim.json and its section of bench/README.md.

    sim.py PROGRAM LOAD DECISIONS MOTO_PYTHON [SECONDS]      (script/bench sim builds the three and calls it)
"""
import base64
import datetime
import hashlib
import hmac
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from machine import circumstances, machine_line, megabytes, on_core, publish, wait_for  # noqa: E402

CONNECTIONS, ROUNDS, STARTS, ROLES = 8, 3, 20, 500
ACCOUNT, REGION, KEY, SECRET = "111122223333", "us-west-2", "AKIABENCH00000000000", "bench-secret"
BUCKET = "bench-issuer"
ISSUER = f"https://{BUCKET}.s3.{REGION}.amazonaws.com"
NAME = ISSUER.removeprefix("https://")
QUERY_TYPE = "application/x-www-form-urlencoded; charset=utf-8"


# Signature Version 4, as a client has it.

def _mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signed(service, method, path, body=b"", headers=(), port=0):
    """The request as it goes over the wire."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    fields = {"host": f"127.0.0.1:{port}", "x-amz-date": now, **dict(headers)}
    if service == "s3":
        fields["x-amz-content-sha256"] = digest
    plain, _, query = path.partition("?")
    names = ";".join(sorted(fields))
    canonical = "\n".join([method, plain, query, *(f"{name}:{fields[name]}" for name in sorted(fields)), "", names, digest])
    scope = f"{now[:8]}/{REGION}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = _mac(_mac(_mac(_mac(("AWS4" + SECRET).encode(), now[:8]), REGION), service), "aws4_request")
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    fields["authorization"] = f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={names}, Signature={signature}"
    return wire(method, path, fields, body)


def wire(method, path, fields, body):
    if body or method in ("POST", "PUT"):
        fields = {**fields, "content-length": str(len(body))}
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
    return head.encode() + body


def iam(port, **fields):
    body = urllib.parse.urlencode({"Version": "2010-05-08", **fields}).encode()
    return signed("iam", "POST", "/", body, {"content-type": QUERY_TYPE}, port)


def s3(port, method, path, body=b"", **headers):
    return signed("s3", method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}, port)


def ask(port, request):
    """Sends one request by itself; the status and the answer."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = connection.recv(65536)
            if not piece:
                break
            answer += piece
    return int(answer.split()[1]), answer


def must(port, request):
    status, answer = ask(port, request)
    if status not in (200, 204):
        raise SystemExit(f"bench: {request.split()[0]} {request.split()[1]} was answered {answer[:500]}")


def md5(body):
    return base64.b64encode(hashlib.md5(body).digest()).decode()


# The issuer, with keys of the openssl program.

def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def rsa_key(path):
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path)
    modulus = openssl("rsa", "-in", path, "-noout", "-modulus").decode().strip().removeprefix("Modulus=")
    return {"use": "sig", "kty": "RSA", "kid": "RS256", "alg": "RS256", "n": encode(bytes.fromhex(modulus)), "e": "AQAB"}


def ec_key(path):
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
    point = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")[-64:]
    return {"use": "sig", "kty": "EC", "kid": "ES256", "alg": "ES256", "crv": "P-256", "x": encode(point[:32]), "y": encode(point[32:])}


def fixed_size(der):
    """The two numbers of an ECDSA signature, 32 bytes each, out of their DER coat."""
    numbers, at = [], 2
    for _ in range(2):
        size = der[at + 1]
        numbers.append(der[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0"))
        at += 2 + size
    return b"".join(numbers)


def token(algorithm, key):
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "system:serviceaccount:default:echo", "aud": ["sts.amazonaws.com"], "iat": now, "nbf": now,
              "exp": now + 3600, "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "echo", "uid": "0"}}}
    text = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": algorithm, "kid": algorithm}, claims))
    signature = openssl("dgst", "-sha256", "-sign", key, data=text.encode())
    return text + "." + encode(signature if algorithm == "RS256" else fixed_size(signature))


def set_up(port, jwks):
    must(port, s3(port, "PUT", f"/{BUCKET}",
                  f"<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>".encode()))
    block = b"<PublicAccessBlockConfiguration><BlockPublicPolicy>false</BlockPublicPolicy></PublicAccessBlockConfiguration>"
    must(port, s3(port, "PUT", f"/{BUCKET}?publicAccessBlock=", block, content_md5=md5(block)))
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}]}).encode()
    must(port, s3(port, "PUT", f"/{BUCKET}?policy=", policy, content_md5=md5(policy)))
    discovery = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys.json", "response_types_supported": ["id_token"],
                 "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256", "ES256"]}
    for key, document in ((".well-known/openid-configuration", discovery), ("keys.json", jwks)):
        must(port, s3(port, "PUT", f"/{BUCKET}/{key}", json.dumps(document).encode(), cache_control="public, max-age=300"))
    must(port, iam(port, Action="CreateOpenIDConnectProvider", Url=ISSUER, **{"ClientIDList.member.1": "sts.amazonaws.com"}))
    must(port, iam(port, Action="CreateRole", RoleName="echo", AssumeRolePolicyDocument=trust_policy()))


def trust_policy():
    condition = {"StringEquals": {f"{NAME}:aud": "sts.amazonaws.com", f"{NAME}:sub": "system:serviceaccount:default:echo"}}
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{NAME}"},
        "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition}]})


def assume_requests(port, algorithm, key):
    body = urllib.parse.urlencode({
        "Version": "2011-06-15", "Action": "AssumeRoleWithWebIdentity", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/echo",
        "RoleSessionName": "bench", "WebIdentityToken": token(algorithm, key)}).encode()
    return [[wire("POST", "/", {"host": f"127.0.0.1:{port}", "content-type": QUERY_TYPE}, body)]]


def loop_requests(port):
    """ROLES times: a new role, that role read, an object written, and read."""
    body = b"x" * 1024
    return [[iam(port, Action="CreateRole", RoleName=f"role-{n}", AssumeRolePolicyDocument=trust_policy()),
             iam(port, Action="GetRole", RoleName=f"role-{n}"),
             s3(port, "PUT", f"/bench-loop/key-{n}", body), s3(port, "GET", f"/bench-loop/key-{n}")] for n in range(ROLES)]


# Servers, load and figures.

def start_sim(program):
    """The process and its port, once it is ready."""
    server = on_core(0, program, "sim", "--account", ACCOUNT, "--region", REGION, "--access-key-id", KEY, "--secret-access-key", SECRET,
                     stdout=subprocess.PIPE, text=True)
    return server, int(json.loads(server.stdout.readline())["endpoint"].rsplit(":", 1)[1])


def start_moto(python):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = on_core(0, python, "-m", "moto.server", "-H", "127.0.0.1", "-p", port, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: ask(port, wire("GET", "/moto-api/", {"host": "127.0.0.1"}, b"")), "moto's server")
    return server, port


def used(process):
    """Seconds on a processor, of all threads and of those that have ended, which moto's server has one of for each connection."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def stop(server):
    server.send_signal(signal.SIGTERM)
    server.wait(20)
    if server.stdout:
        server.stdout.close()


def load(program, server, port, units, seconds, folder):
    """What the load measured, and the server's own time on its core for each answer."""
    path = folder / "requests"
    with path.open("wb") as out:
        for number, unit in enumerate(units):
            for request in unit:
                out.write(b"%d %d\n" % (len(request), number) + request)
    before = used(server.pid)
    ran = subprocess.run(["taskset", "-c", "1", program, str(port), str(CONNECTIONS), str(seconds), path],
                         capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise SystemExit(f"bench: wrong answers: {ran.stdout}{ran.stderr}")
    result = json.loads(ran.stdout)
    result["cpu"] = (used(server.pid) - before) / result["requests"] * 1e6
    return result


def measure_assume(program, load_program, algorithm, folder, seconds):
    keys = {"RS256": folder / "rsa.pem", "ES256": folder / "ec.pem"}
    jwks = {"keys": [rsa_key(keys["RS256"]), ec_key(keys["ES256"])]}
    rounds = []
    for _ in range(ROUNDS):
        server, port = start_sim(program)
        try:
            set_up(port, jwks)
            rounds.append(load(load_program, server, port, assume_requests(port, algorithm, keys[algorithm]), seconds, folder))
        finally:
            stop(server)
    return rounds


def measure_decisions(program, seconds):
    """By document: decisions a second of CPU, the worst of its rounds."""
    return json.loads(subprocess.run(["taskset", "-c", "1", program, str(float(seconds) / 5)], capture_output=True, check=True).stdout)


def measure_start(program):
    """Milliseconds from exec to the ready line, and the resident MB then."""
    times, memory = [], []
    for _ in range(STARTS):
        before = time.monotonic()
        server, _ = start_sim(program)
        times.append((time.monotonic() - before) * 1000)
        memory.append(megabytes([server.pid]))
        stop(server)
    return {"milliseconds": times, "megabytes": memory}


def measure_loop(start, load_program, folder):
    rounds = []
    for _ in range(ROUNDS):
        server, port = start()
        try:
            must(port, s3(port, "PUT", "/bench-loop",
                          f"<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>".encode()))
            rounds.append(load(load_program, server, port, loop_requests(port), 0, folder))
        finally:
            stop(server)
    return rounds


def worst(rounds):
    return min(rounds, key=lambda one: one["perSecond"])


def section(data):
    starts, policies, rows = data["start"], data["decisions"], []
    for name, title in (("RS256", "AssumeRoleWithWebIdentity, RS256"), ("ES256", "AssumeRoleWithWebIdentity, ES256"),
                        ("loop", "CreateRole, GetRole, PutObject, GetObject"), ("moto", "the same, moto's server")):
        one, cpu = worst(data[name]), max(row["cpu"] for row in data[name])
        rows.append(f"| {title} | {one['perSecond']:,.0f} | {cpu:,.1f} | {1e6 / cpu:,.0f} | {one['p50']:,.0f} | {one['p99']:,.0f} |")
    table = "\n".join(rows)
    ratio = worst(data["loop"])["perSecond"] / max(row["perSecond"] for row in data["moto"])
    work = min(row["cpu"] for row in data["moto"]) / max(row["cpu"] for row in data["loop"])
    return f"""## sim

`irsa sim` on core 0, load on core 1, http, {CONNECTIONS} kept-alive connections, {ROUNDS} rounds of {data["seconds"]:g} s, the worst of each quoted.
The loop is {ROLES} new roles, each read, and {ROLES} objects of 1 KiB, each written and read, signed beforehand and sent by the same
program to `irsa sim` and to moto's server (PyPI, its Flask server, which verifies no signature). CPU is the server's own, user
and kernel; a core of one's own gives what the third column of figures says.

| requests | answers/s | CPU an answer (µs) | answers/s of a whole core | p50 (µs) | p99 (µs) |
|---|---|---|---|---|---|
{table}

Against moto's server, our worst round and its best: {ratio:,.0f} times the answers a second, 1/{work:,.0f} of the CPU an answer.
The policy language by itself, on one core, documents parsed once: {policies["one"]:,} decisions a second on the trust policy of one
service account, {policies["pattern"]:,} with a pattern, {policies["thirty"]:,} with thirty accounts, {policies["variable"]:,} with a variable.
From start to the ready line {statistics.median(starts["milliseconds"]):.1f} ms (median of {STARTS}; the slowest {max(starts["milliseconds"]):.1f}), \
then {max(starts["megabytes"]):.1f} MB resident.

{machine_line(data)}
"""


def main(program, load_program, decisions, moto, seconds="5"):
    data = {"machine": circumstances(), "seconds": float(seconds)}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        data["start"] = measure_start(program)
        data["decisions"] = measure_decisions(decisions, seconds)
        for algorithm in ("RS256", "ES256"):
            data[algorithm] = measure_assume(program, load_program, algorithm, folder, seconds)
        data["loop"] = measure_loop(lambda: start_sim(program), load_program, folder)
        data["moto"] = measure_loop(lambda: start_moto(moto), load_program, folder)
    publish("sim", data, section(data))


if __name__ == "__main__":
    main(*sys.argv[1:])
