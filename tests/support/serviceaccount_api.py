"""The smallest Kubernetes API that irsa-webhook can work with: list, get and watch of ServiceAccounts over TLS on loopback.

    with ServiceAccountApi(folder) as api:
        api.put("default", "s3-echoer", {"eks.amazonaws.com/role-arn": "arn:..."})
        subprocess.Popen([webhook, f"--kubeconfig={api.kubeconfig}", ...])
"""
import http.server
import json
import pathlib
import re
import ssl
import threading
import urllib.parse

from support import certificates

TOKEN = "a-token-of-the-test"


class ServiceAccountApi:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.accounts = {}  # (namespace, name) -> object
        self.events = []    # [(resourceVersion, type, object)]
        self.version = 100
        self.changed = threading.Condition()
        self.closing = False

    def __enter__(self):
        if not (self.folder / "ca.crt").exists():
            certificates.make_authority(self.folder)
        certificate, key = certificates.make_server(self.folder, "api", "IP:127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.kubeconfig = self.folder / "api.kubeconfig"
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "api",
            "clusters": [{"name": "api", "cluster": {"server": self.url, "certificate-authority": str(self.folder / "ca.crt")}}],
            "users": [{"name": "api", "user": {"token": TOKEN}}],
            "contexts": [{"name": "api", "context": {"cluster": "api", "user": "api"}}]}))
        self.kubeconfig.chmod(0o600)
        return self

    def __exit__(self, *_):
        with self.changed:
            self.closing = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()

    def put(self, namespace, name, annotations=None):
        """Creates or replaces an account; everyone who watches is told."""
        with self.changed:
            kind = "MODIFIED" if (namespace, name) in self.accounts else "ADDED"
            self.version += 1
            account = {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {
                "name": name, "namespace": namespace, "uid": f"00000000-0000-0000-0000-{self.version:012}",
                "resourceVersion": str(self.version), "creationTimestamp": "2026-01-01T00:00:00Z", "annotations": dict(annotations or {})}}
            self.accounts[namespace, name] = account
            self._tell(kind, account)

    def delete(self, namespace, name):
        with self.changed:
            account = self.accounts.pop((namespace, name))
            self.version += 1
            account["metadata"]["resourceVersion"] = str(self.version)
            self._tell("DELETED", account)

    def _tell(self, kind, account):
        self.events.append((self.version, kind, json.loads(json.dumps(account))))
        self.changed.notify_all()

    def _handler(api):  # pylint: disable=no-self-argument
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                one = re.fullmatch(r"/api/v1/namespaces/([^/]+)/serviceaccounts/([^/]+)", url.path)
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    self.refuse(401, "Unauthorized", "Unauthorized")
                elif url.path == "/api/v1/serviceaccounts" and query.get("watch", "false") in ("1", "true"):
                    self.watch(int(query.get("resourceVersion") or 0))
                elif url.path == "/api/v1/serviceaccounts":
                    with api.changed:
                        self.answer(200, {"kind": "ServiceAccountList", "apiVersion": "v1", "items": list(api.accounts.values()),
                                          "metadata": {"resourceVersion": str(api.version)}})
                elif one and one.groups() in api.accounts:
                    self.answer(200, api.accounts[one.groups()])
                else:
                    self.refuse(404, "NotFound", f"the server could not find {url.path}")

            def answer(self, status, content):
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def refuse(self, status, reason, message):
                self.answer(status, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status,
                                     "reason": reason, "message": message})

            def watch(self, version):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                while True:
                    with api.changed:
                        api.changed.wait_for(lambda: api.closing or api.version > version)
                        if api.closing:
                            return
                        news = [event for event in api.events if event[0] > version]
                        version = api.version
                    for _, kind, account in news:
                        line = json.dumps({"type": kind, "object": account}).encode() + b"\n"
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                    self.wfile.flush()

        return Handler
