"""irsa apiserver patch and rollback as a process: a manifest in a folder of its own, and an API server that does what a kubelet
would make it do."""
import http.server
import json
import os
import pathlib
import ssl
import subprocess
import tempfile
import threading
import unittest

from support import certificates
from support.simulator import clean_environment

IRSA = os.environ["IRSA"]
BEFORE = pathlib.Path("../cluster/data/kubeadm/before.yaml").read_bytes()
AFTER = pathlib.Path("../cluster/data/kubeadm/after.yaml").read_bytes()
OLD = "https://kubernetes.default.svc.cluster.local"
NEW = "https://edge-prod.s3.us-west-2.amazonaws.com"


class ApiServer:
    """Serves the first issuer of the manifest; after each change of it, it is away for some requests, then not ready for one."""

    def __init__(self, folder, manifest, nodes=1, obeys=True):
        self.folder, self.manifest, self.nodes, self.obeys = folder, manifest, nodes, obeys
        self.served = self.wanted()
        self.unwell = 0

    def wanted(self):
        flags = [line for line in self.manifest.read_text().splitlines() if "--service-account-issuer=" in line]
        return flags[0].split("=", 1)[1]

    def __enter__(self):
        certificates.make_authority(self.folder)
        certificate, key = certificates.make_server(self.folder, "api", "IP:127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a client that was killed
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.kubeconfig = self.folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "node",
            "clusters": [{"name": "node", "cluster": {"server": f"https://127.0.0.1:{self.server.server_address[1]}",
                                                      "certificate-authority": str(self.folder / "ca.crt")}}],
            "users": [{"name": "node", "user": {"token": "a-token-of-the-test"}}],
            "contexts": [{"name": "node", "context": {"cluster": "node", "user": "node"}}]}))
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, path):
        if path.startswith("/api/v1/nodes"):
            items = [{"metadata": {"name": f"node{i}"}} for i in range(self.nodes)] if "control-plane" in path else []
            return 200, {"kind": "NodeList", "items": items}
        if self.obeys and self.wanted() != self.served:
            self.served, self.unwell = self.wanted(), 4
        if self.unwell:
            self.unwell -= 1
            return None if self.unwell > 1 else (503, {"kind": "Status", "reason": "ServiceUnavailable", "message": "starting"})
        if path == "/readyz":
            return 200, "ok"
        return 200, {"issuer": self.served, "jwks_uri": "https://192.0.2.10:6443/openid/v1/jwks", "response_types_supported": ["id_token"],
                     "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"]}

    def handler(api):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                answer = api.answer(self.path)
                if answer is None:
                    self.close_connection = True
                    return
                status, body = answer
                body = (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        return Handler


class ApiServerPatch(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="irsa-cli-test-")))
        self.manifests = self.folder / "kubernetes" / "manifests"
        self.manifests.mkdir(parents=True)
        self.manifest = self.manifests / "kube-apiserver.yaml"
        self.manifest.write_bytes(BEFORE)
        self.manifest.chmod(0o600)
        self.backups = self.folder / "kubernetes" / "irsa-backup"

    def api(self, **options):
        api = self.enterContext(ApiServer(self.folder, self.manifest, **options))
        self.kubeconfig = api.kubeconfig
        return api

    def irsa(self, verb, *arguments, code=0, **options):
        command = [IRSA, "apiserver", verb, "--manifest", str(self.manifest)]
        if hasattr(self, "kubeconfig"):
            command += ["--kubeconfig", str(self.kubeconfig)]
        done = subprocess.run([*command, *map(str, arguments)], env=clean_environment() | {"HOME": str(self.folder)}, cwd=self.folder,
                              text=True, capture_output=True, stdin=subprocess.DEVNULL, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_patches_waits_and_rolls_back(self):
        self.api()
        done = self.irsa("patch", "--issuer", NEW)
        self.assertEqual(self.manifest.read_bytes(), AFTER)
        self.assertIn(f"signs as {NEW}", done.stdout)
        self.assertIn("waiting: the API server does not answer", done.stderr)
        [backup] = self.backups.iterdir()
        self.assertEqual(backup.read_bytes(), BEFORE)
        self.assertIn(str(backup), done.stdout)

        again = json.loads(self.irsa("patch", "--issuer", NEW, "-o", "json").stdout)
        self.assertEqual((again["changed"], again["issuer"]), (False, NEW))
        self.assertEqual(len(list(self.backups.iterdir())), 1)

        done = self.irsa("rollback")
        self.assertEqual(self.manifest.read_bytes(), BEFORE)
        self.assertIn(f"signs as {OLD}", done.stdout)
        self.assertFalse(json.loads(self.irsa("rollback", "-o", "json", "--quiet").stdout)["changed"])

    def test_keeps_files_to_the_owner_whatever_the_umask(self):
        self.api()
        self.irsa("patch", "--issuer", NEW, umask=0)
        self.assertEqual(self.backups.stat().st_mode & 0o777, 0o700)
        [backup] = self.backups.iterdir()
        self.assertEqual(backup.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.manifest.stat().st_mode & 0o777, 0o600)

    def test_whoever_watches_sees_the_old_or_the_new_manifest_and_no_other_file(self):
        self.api()
        seen, names, stop = set(), set(), threading.Event()

        def watch():
            while not stop.is_set():
                names.update(os.listdir(self.manifests))
                seen.add(self.manifest.read_bytes())
        watcher = threading.Thread(target=watch)
        watcher.start()
        for _ in range(3):
            self.irsa("patch", "--issuer", NEW)
            self.irsa("rollback")
        stop.set()
        watcher.join()
        self.assertEqual(seen, {BEFORE, AFTER})
        self.assertEqual(names, {"kube-apiserver.yaml"})

    def test_killed_at_any_moment_it_leaves_the_old_or_the_new_manifest(self):
        self.api(obeys=False)
        for milliseconds in range(0, 60, 4):
            command = [IRSA, "apiserver", "patch", "--manifest", self.manifest, "--kubeconfig", self.kubeconfig, "--issuer", NEW]
            process = subprocess.Popen(command, env=clean_environment(), cwd=self.folder, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(milliseconds / 1000)
            except subprocess.TimeoutExpired:
                process.kill()
            process.wait()
            self.assertEqual(os.listdir(self.manifests), ["kube-apiserver.yaml"])
            self.assertIn(self.manifest.read_bytes(), (BEFORE, AFTER))
        self.irsa("patch", "--issuer", NEW, "--timeout", "1s", code=1)  # converges, but nobody restarts this API server
        self.assertEqual(self.manifest.read_bytes(), AFTER)
        self.irsa("rollback")
        self.assertEqual(self.manifest.read_bytes(), BEFORE)

    def test_dry_run_shows_a_diff_and_asks_nobody(self):
        done = self.irsa("patch", "--issuer", NEW, "--dry-run")
        self.assertIn(f"\n+    - --service-account-issuer={NEW}\n", done.stdout)
        self.assertEqual(self.manifest.read_bytes(), BEFORE)
        self.assertFalse(self.backups.exists())

    def test_refuses_a_cluster_with_several_control_plane_nodes(self):
        self.api(nodes=3)
        done = self.irsa("patch", "--issuer", NEW, code=1)
        self.assertIn("3 control-plane nodes (node0 node1 node2)", done.stderr)
        self.assertEqual(self.manifest.read_bytes(), BEFORE)
        self.assertFalse(self.backups.exists())

    def test_does_nothing_when_the_nodes_cannot_be_counted(self):
        with ApiServer(self.folder, self.manifest) as api:
            self.kubeconfig = api.kubeconfig
        done = self.irsa("patch", "--issuer", NEW, code=4)
        self.assertIn("counting the control-plane nodes", done.stderr)
        self.assertIn("--single-node", done.stderr)
        self.assertEqual(self.manifest.read_bytes(), BEFORE)

    def test_says_after_the_time_out_where_things_stand_and_the_way_back(self):
        self.api(obeys=False)
        done = self.irsa("patch", "--issuer", NEW, "--timeout", "1s", code=1)
        self.assertIn(f"after 1 s the API server still serves the issuer {OLD}", done.stderr)
        self.assertIn(f"hint: irsa apiserver rollback --manifest {self.manifest}", done.stderr)
        self.assertEqual(self.manifest.read_bytes(), AFTER)
        self.irsa("rollback")
        self.assertEqual(self.manifest.read_bytes(), BEFORE)

    def test_rollback_keeps_what_somebody_changed_since(self):
        self.api()
        self.irsa("patch", "--issuer", NEW)
        changed = AFTER.replace(b"v1.37.2", b"v1.37.3")
        self.manifest.write_bytes(changed)
        done = self.irsa("rollback", code=1)
        self.assertIn("was changed after the patch", done.stderr)
        self.assertIn("v1.37.3", done.stderr)
        self.assertEqual(self.manifest.read_bytes(), changed)

    def test_rollback_without_a_pre_image_says_so(self):
        self.assertIn("holds no pre-image", self.irsa("rollback", code=1).stderr)

    def test_refuses_an_unknown_shape_with_a_diff(self):
        self.manifest.write_bytes(BEFORE.replace(b"    name: kube-apiserver\n", b"    name: other\n"))
        done = self.irsa("patch", "--issuer", NEW, code=1)
        self.assertIn("no container named kube-apiserver", done.stderr)
        self.assertIn(f"\n+    - --service-account-issuer={NEW}\n", done.stderr)

    def test_refuses_an_issuer_that_would_harm(self):
        for bad in (f"{NEW},{OLD}", NEW + "/", "http://a.example.com", "https://a.example.com?x", ""):
            with self.subTest(bad):
                self.irsa("patch", f"--issuer={bad}", "--dry-run", code=3)
        self.assertEqual(self.manifest.read_bytes(), BEFORE)

    def test_refuses_links_and_back_ups_among_the_manifests(self):
        self.irsa("patch", "--issuer", NEW, "--backup", self.manifests / "old", code=3)
        other = self.folder / "elsewhere.yaml"
        self.manifest.rename(other)
        self.manifest.symlink_to(other)
        self.assertIn("symbolic link", self.irsa("patch", "--issuer", NEW, code=3).stderr)
        self.assertEqual(other.read_bytes(), BEFORE)

    def test_a_missing_manifest_is_named(self):
        self.manifest.unlink()
        self.assertIn(f"{self.manifest}: there is no such manifest", self.irsa("patch", "--issuer", NEW, code=1).stderr)


if __name__ == "__main__":
    unittest.main()
