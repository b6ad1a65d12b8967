"""API servers on loopback that do what a kubelet would make of their manifests: each has a folder that stands for its node, a
manifest in it, and reads its flags and keys there. They sign real tokens and refuse those that kube-apiserver would.

    with ControlPlanes(folder, count=3) as planes:
        planes.manifests[0].write_text(...)   # this one is away for some requests, then runs with the new flags
"""
import base64
import contextlib
import datetime
import hashlib
import http.server
import json
import pathlib
import ssl
import threading
import time
import urllib.parse

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from support import certificates
from support.ports import free_port

BEFORE = (pathlib.Path(__file__).parents[1] / "cluster/data/kubeadm/before.yaml").read_text()
CONTROLLER = """\
apiVersion: v1
kind: Pod
metadata: {name: kube-controller-manager, namespace: kube-system}
spec:
  containers:
  - command:
    - kube-controller-manager
    - --service-account-private-key-file=/etc/kubernetes/pki/sa.key
    name: kube-controller-manager
"""
JWK_SET = "application/jwk-set+json"  # of the two documents only this one insists on its kind
OLD = "https://kubernetes.default.svc.cluster.local"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(value, size):
    return encode(value.to_bytes(size, "big"))


def moment(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def public_of(pem):
    if b"PRIVATE" in pem:
        return serialization.load_pem_private_key(pem, None).public_key()
    return serialization.load_pem_public_key(pem)


def kid_of(key):
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encode(hashlib.sha256(spki).digest())


def jwk_of(key):
    numbers, head = key.public_numbers(), {"use": "sig", "kid": kid_of(key)}
    if isinstance(key, rsa.RSAPublicKey):
        return {**head, "kty": "RSA", "alg": "RS256", "n": number(numbers.n, (numbers.n.bit_length() + 7) // 8), "e": "AQAB"}
    return {**head, "kty": "EC", "alg": "ES256", "crv": "P-256", "x": number(numbers.x, 32), "y": number(numbers.y, 32)}


def sign(claims, key):
    is_rsa = isinstance(key, rsa.RSAPrivateKey)
    head = {"alg": "RS256" if is_rsa else "ES256", "kid": kid_of(key.public_key())}
    body = f"{encode(json.dumps(head).encode())}.{encode(json.dumps(claims).encode())}"
    if is_rsa:
        signature = key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        r, s = utils.decode_dss_signature(key.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{body}.{encode(signature)}"


def verifies(token, key):
    body, _, signature = token.rpartition(".")
    raw = decode(signature)
    with contextlib.suppress(Exception):
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(raw, body.encode(), padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")), body.encode(),
                       ec.ECDSA(hashes.SHA256()))
        return True
    return False


def merged(content, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    result = dict(content) if isinstance(content, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


class ApiServer:
    """One of them; `planes` knows the rest."""

    def __init__(self, planes, index):
        self.planes, self.address = planes, f"127.0.0.{index + 1}"
        self.root = planes.folder if planes.count == 1 else planes.folder / f"node{index}"
        self.manifest = self.root / "kubernetes/manifests/kube-apiserver.yaml"
        self.manifest.parent.mkdir(parents=True, exist_ok=True)
        self.keys = self.root / "etc/kubernetes/pki"
        self.keys.mkdir(parents=True, exist_ok=True)
        for name, content in planes.first_keys.items():
            if not (self.keys / name).exists():
                (self.keys / name).write_bytes(content)
                (self.keys / name).chmod(0o600)
        if not self.manifest.exists():
            self.manifest.write_text(BEFORE.replace("192.0.2.10", self.address).replace("6443", str(planes.port)))
            self.manifest.chmod(0o600)
        self.controller = self.manifest.parent / "kube-controller-manager.yaml"
        if planes.has_controllers and not self.controller.exists():
            self.controller.write_text(CONTROLLER)
        self.reports = []  # what the kubelet tells of the pod before it tells all: "former", "mixed", "none", "bare"
        self.obeys, self.unwell, self.stale, self.legacy = True, 0, 0, 0
        self.taken, self.refused = 0, 0
        self.former = self.text = self.manifest.read_text()
        self.started = time.time() - 1000

    def flags(self, name):
        return [line.strip()[len(name) + 5:] for line in self.text.splitlines() if line.strip().startswith(f"- --{name}=")]

    def look(self):
        """What a kubelet does with the manifest. False while the API server is away."""
        text = self.manifest.read_text()
        if self.obeys and text != self.text:
            self.former, self.text = self.text, text
            self.unwell, self.started, self.stale = self.planes.away, time.time(), 0
        if self.unwell:
            self.unwell -= 1
            return False
        return True

    def settle(self):
        """It has been back for long with the manifest that is there."""
        self.look()
        self.unwell = 0

    def verifying(self):
        return [public_of((self.root / file.lstrip("/")).read_bytes()) for file in self.flags("service-account-key-file")]

    def mint(self, request, account="kube-system:default"):
        [signing] = self.flags("service-account-signing-key-file")
        key = serialization.load_pem_private_key((self.root / signing.lstrip("/")).read_bytes(), None)
        issuers, now = self.flags("service-account-issuer"), int(time.time())
        audiences = request.get("spec", {}).get("audiences") or ",".join(self.flags("api-audiences")).split(",")
        return sign({"iss": issuers[0], "aud": [one for one in audiences if one] or issuers, "iat": now, "exp": now + 600,
                     "sub": f"system:serviceaccount:{account}"}, key)

    def accepts(self, token):
        head, claims = (json.loads(decode(part)) for part in token.split(".")[:2])
        key = next((key for key in self.verifying() if kid_of(key) == head["kid"]), None)
        return bool(key and claims["iss"] in self.flags("service-account-issuer") and claims["exp"] > time.time() and verifies(token, key))

    def pod(self):
        """As the kubelet of 1.37 was seen to tell of it: the former pod, that with the new container's status, none, the new one
        without a status, and at last with it."""
        report = self.reports.pop(0) if self.reports else "new"
        if report == "none":
            return None
        is_new = report in ("new", "bare")
        made, started = self.started + (10 if is_new else -100), self.started - (100 if report == "former" else 0)
        return {"metadata": {"name": f"kube-apiserver-{self.address}", "creationTimestamp": moment(made)},
                "status": {} if report == "bare" else {"hostIP": self.address, "podIP": self.address, "containerStatuses": [
                    {"name": "kube-apiserver", "restartCount": 0, "state": {"running": {"startedAt": moment(started)}}}]},
                "spec": {"containers": [{"name": "kube-apiserver", "command": [
                    line.strip()[2:] for line in (self.text if is_new else self.former).splitlines()
                    if line.strip().startswith(("- --", "- kube-apiserver"))]}]}}

    def answer(self, method, path, query, body):
        if path == "/readyz":
            return 200, "ok"
        if path == "/metrics":
            return 200, (f"process_start_time_seconds {self.started:.3f}\nserviceaccount_stale_tokens_total {self.stale}\n"
                         f"serviceaccount_legacy_tokens_total {self.legacy}\n")
        if path == "/.well-known/openid-configuration":
            return 200, {"issuer": self.flags("service-account-issuer")[0], "jwks_uri": "https://192.0.2.10:6443/openid/v1/jwks",
                         "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
                         "id_token_signing_alg_values_supported": sorted({jwk_of(key)["alg"] for key in self.verifying()})}
        if path == "/openid/v1/jwks":
            return 200, {"keys": [jwk_of(key) for key in self.verifying()]}
        if path.endswith("/serviceaccounts/default/token") and method == "POST":
            return 201, {"kind": "TokenRequest", "status": {"token": self.mint(json.loads(body))}}
        if path.endswith("/tokenreviews") and method == "POST":
            return 201, {"kind": "TokenReview", "status": {"authenticated": self.accepts(json.loads(body)["spec"]["token"])}}
        return self.planes.answer(method, path, query, body)


class ControlPlanes:
    def __init__(self, folder, count=1, nodes=None, away=3, has_controllers=False):
        self.folder, self.count, self.away = pathlib.Path(folder), count, away
        self.has_controllers = has_controllers
        self.nodes = count if nodes is None else nodes
        self.port = free_port()
        self.kubelets = None  # support.kubelets, for Jobs on nodes
        self.secrets = []  # metadata of those that hold tokens
        self.pods, self.objects, self.lock, self.version = [], {}, threading.Lock(), 1
        self.calls = []  # (token, method, path) of each request
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.first_keys = {
            "sa.key": key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()),
            "sa.pub": key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)}

    def __enter__(self):
        if not (self.folder / "ca.crt").exists():
            certificates.make_authority(self.folder)
        self.servers = [ApiServer(self, index) for index in range(self.count)]
        self.manifests = [server.manifest for server in self.servers]
        pair = certificates.make_server(self.folder, "api", *(f"IP:{server.address}" for server in self.servers))
        self.listening = []
        for server in self.servers:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*pair)
            listener = http.server.ThreadingHTTPServer((server.address, self.port), _handler(server))
            listener.daemon_threads = True
            listener.handle_error = lambda *_: None  # a client that was killed
            listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
            threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()
            self.listening.append(listener)
        self.kubeconfig = self.folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "node",
            "clusters": [{"name": "node", "cluster": {"server": f"https://127.0.0.1:{self.port}",
                                                      "certificate-authority": str(self.folder / "ca.crt")}}],
            "users": [{"name": "node", "user": {"token": "a-token-of-the-test"}}],
            "contexts": [{"name": "node", "context": {"cluster": "node", "user": "node"}}]}))
        return self

    def __exit__(self, *_):
        for listener in self.listening:
            listener.shutdown()
            listener.server_close()

    def add_pod(self, name, created, seconds=3607):
        """A running pod that mounts a token; `created` in seconds since 1970."""
        namespace, _, name = name.partition("/")
        self.pods.append({"metadata": {"namespace": namespace, "name": name, "creationTimestamp": moment(created)}, "status": {"phase": "Running"},
                          "spec": {"volumes": [{"projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": seconds}}]}}]}})

    def answer(self, method, path, query, body):
        with self.lock:
            return self._answer(method, path, query, body)

    def _answer(self, method, path, query, body):
        if self.kubelets and (answer := self.kubelets.answer(method, path, query, body)):
            return answer
        if path == "/api/v1/nodes":
            is_asked = "control-plane" in query.get("labelSelector", "")
            return 200, {"kind": "NodeList", "items": [{"metadata": {"name": f"node{i}"}} for i in range(self.nodes) if is_asked]}
        if path == "/api/v1/namespaces/kube-system/pods":
            return 200, {"kind": "PodList", "items": [pod for server in self.servers if (pod := server.pod())]}
        if path == "/api/v1/pods":
            return 200, {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": self.pods}
        if path == "/api/v1/namespaces/kube-system":
            return 200, {"kind": "Namespace", "metadata": {"name": "kube-system", "uid": "6f1ed002-ab5f-4e13-9e2d-000000000001"}}
        if path == "/api/v1/secrets":
            return 200, {"kind": "PartialObjectMetadataList", "items": [{"metadata": one} for one in self.secrets]}
        if path.endswith("/endpointslices"):
            return 200, {"items": [{"ports": [{"port": self.port}], "endpoints": [{"addresses": [server.address]} for server in self.servers]}]}
        if path == "/apis/admissionregistration.k8s.io/v1":
            return 200, {"kind": "APIResourceList", "resources": [{"name": "validatingadmissionpolicies"}]}
        if path == "/api/v1/serviceaccounts":
            wanted = dict(term.split("=") for term in query.get("labelSelector", "").split(",") if term)
            return 200, {"kind": "ServiceAccountList", "apiVersion": "v1", "metadata": {}, "items": [
                one for place, one in self.objects.items() if "/serviceaccounts/" in place
                and wanted.items() <= one["metadata"].get("labels", {}).items()]}
        return self._keep(method, path, body, is_apply="fieldManager" in query)

    def _keep(self, method, path, body, is_apply=False):
        """Any other object: created, applied, read, replaced under its resourceVersion, deleted with what lies in it."""
        if method == "POST":
            content = json.loads(body)
            path += "/" + content["metadata"]["name"]
            if path in self.objects:
                return 409, {"kind": "Status", "reason": "AlreadyExists", "message": "already exists"}
        elif path not in self.objects and not is_apply:
            return 404, {"kind": "Status", "reason": "NotFound", "message": f"the server could not find {path}"}
        if method == "GET":
            return 200, self.objects[path]
        if method == "DELETE":
            for place in [place for place in self.objects if place.startswith(path + "/")]:
                del self.objects[place]
            return 200, self.objects.pop(path)
        content = json.loads(body)
        if method == "PATCH":
            content = merged(self.objects.get(path, {}), content)
        now = self.objects.get(path, {}).get("metadata", {}).get("resourceVersion")
        if content["metadata"].get("resourceVersion", now) != now:
            return 409, {"kind": "Status", "reason": "Conflict", "message": "the object has been modified"}
        self.version += 1
        content["metadata"]["resourceVersion"] = str(self.version)
        self.objects[path] = content
        return 201 if method == "POST" else 200, content


def _handler(server):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def serve(self):
            url = urllib.parse.urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not server.look():
                self.close_connection = True
                return
            server.planes.calls.append((self.headers.get("Authorization", "").removeprefix("Bearer "), self.command, url.path))
            status, answer = server.answer(self.command, url.path, dict(urllib.parse.parse_qsl(url.query)), body)
            if url.path == "/openid/v1/jwks" and not any(kind in self.headers.get("Accept", "") for kind in ("*/*", JWK_SET)):
                status, answer = 406, f"406: Not Acceptable\n\nAvailable representations: {JWK_SET}"
            content = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

        def log_message(self, *_):
            pass
    return Handler
