"""irsa apiserver patch and rollback as a process: a manifest in a folder of its own, and an API server that does what a kubelet
would make it do."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from support.control_planes import ControlPlanes
from support.scale import SANITIZED
from support.simulator import clean_environment

IRSA = os.environ["IRSA"]
BEFORE = pathlib.Path("../cluster/data/kubeadm/before.yaml").read_bytes()
AFTER = pathlib.Path("../cluster/data/kubeadm/after.yaml").read_bytes()
OLD = "https://kubernetes.default.svc.cluster.local"
NEW = "https://edge-prod.s3.us-west-2.amazonaws.com"


class ApiServerPatch(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="irsa-cli-test-")))
        self.manifests = self.folder / "kubernetes" / "manifests"
        self.manifests.mkdir(parents=True)
        self.manifest = self.manifests / "kube-apiserver.yaml"
        self.manifest.write_bytes(BEFORE)
        self.manifest.chmod(0o600)
        self.backups = self.folder / "kubernetes" / "irsa-backup"
        self.root = self.folder

    def api(self, obeys=True, **options):
        planes = self.enterContext(ControlPlanes(self.folder, **options))
        planes.servers[0].obeys = obeys
        self.kubeconfig = planes.kubeconfig
        return planes

    def irsa(self, verb, *arguments, code=0, **options):
        command = [IRSA, "apiserver", verb, "--manifest", str(self.manifest), "--root", str(self.root)]
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
        planes = self.api(obeys=False)
        for milliseconds in range(0, 120, 8):
            command = [IRSA, "apiserver", "patch", "--manifest", self.manifest, "--kubeconfig", self.kubeconfig, "--issuer", NEW,
                       "--root", self.folder]
            process = subprocess.Popen(command, env=clean_environment(), cwd=self.folder, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(milliseconds / 1000)
            except subprocess.TimeoutExpired:
                process.kill()
            process.wait()
            self.assertEqual(os.listdir(self.manifests), ["kube-apiserver.yaml"])
            self.assertIn(self.manifest.read_bytes(), (BEFORE, AFTER))
        planes.servers[0].obeys = True
        planes.servers[0].settle()
        self.irsa("patch", "--issuer", NEW)
        self.assertEqual(self.manifest.read_bytes(), AFTER)
        self.irsa("rollback")
        self.assertEqual(self.manifest.read_bytes(), BEFORE)

    def test_dry_run_shows_a_diff_and_asks_nobody(self):
        done = self.irsa("patch", "--issuer", NEW, "--dry-run")
        self.assertIn(f"\n+    - --service-account-issuer={NEW}\n", done.stdout)
        self.assertEqual(self.manifest.read_bytes(), BEFORE)
        self.assertFalse(self.backups.exists())

    def at(self, server):
        self.manifest, self.root = server.manifest, server.root

    def test_of_several_api_servers_none_signs_what_another_refuses(self):
        planes = self.api(count=2)
        self.at(planes.servers[0])
        before = self.manifest.read_text()
        done = self.irsa("patch", "--issuer", NEW, code=1)
        self.assertIn("2 control-plane nodes (node0 node1)", done.stderr)
        self.assertIn("does not accept the new issuer", done.stderr)
        self.assertEqual(self.manifest.read_text(), before)
        for phase in ("accept", "switch", "finish"):
            if phase == "finish":
                planes.manifests[1].write_text(planes.manifests[1].read_text().replace(f"issuer={NEW}", "issuer=X").replace(
                    f"issuer={OLD}", f"issuer={NEW}").replace("issuer=X", f"issuer={OLD}"))
                planes.servers[1].settle()
                self.at(planes.servers[0])
                self.assertIn("does not sign as the new issuer", self.irsa("patch", "--issuer", NEW, "--phase", "finish", code=1).stderr)
                self.at(planes.servers[1])
                self.irsa("patch", "--issuer", NEW, "--phase", "switch")
            for server in planes.servers:
                self.at(server)
                self.irsa("patch", "--issuer", NEW, "--phase", phase)
        for server in planes.servers:
            self.assertEqual(server.flags("service-account-issuer"), [NEW])

    @unittest.skipIf(SANITIZED, "such a program is too large to be sent along")
    def test_goes_from_node_to_node_and_stops_at_the_first_that_fails(self):
        planes = self.api(count=3)
        link = self.folder / "node"  # the node whose turn it is
        program = self.folder / "ssh"
        program.write_text(f"#!/bin/sh\nln -sfn {self.folder}/$1 {link}\nexec sh -c \"$2\"\n")
        program.chmod(0o700)
        command = [IRSA, "apiserver", "patch", "--manifest", str(link / "kubernetes/manifests/kube-apiserver.yaml"), "--root", str(link),
                   "--kubeconfig", str(self.kubeconfig), "--issuer", NEW, "--phase", "accept", "--ssh", str(program),
                   "--node", "node0", "--node", "node1", "--node", "node2"]

        def run(code):
            done = subprocess.run(command, env=clean_environment() | {"HOME": str(self.folder)}, cwd=self.folder, text=True,
                                  capture_output=True, stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            return done
        (planes.servers[1].keys / "sa.pub").rename(planes.servers[1].keys / "elsewhere")
        done = run(1)
        self.assertIn("stopped at node node1: the manifest names the key /etc/kubernetes/pki/sa.pub, which is not there", done.stderr)
        self.assertIn("done before: node0; not reached: node2", done.stderr)
        self.assertEqual([server.flags("service-account-issuer") for server in planes.servers], [[OLD, NEW], [OLD], [OLD]])
        (planes.servers[1].keys / "elsewhere").rename(planes.servers[1].keys / "sa.pub")
        run(0)
        self.assertEqual([server.flags("service-account-issuer") for server in planes.servers], [[OLD, NEW]] * 3)

    def on_nodes(self, verb, planes, *arguments, ssh=None, code=0):
        """By a stand-in for ssh whose path has a blank."""
        link, program = self.folder / "node", self.folder / "my ssh"
        program.write_text(f"#!/bin/sh\nln -sfn {self.folder}/$1 {link}\nexec sh -c \"$2\"\n")
        program.chmod(0o700)
        command = [IRSA, "apiserver", verb, "--manifest", str(link / "kubernetes/manifests/kube-apiserver.yaml"), "--root", str(link),
                   "--kubeconfig", str(self.kubeconfig), "--ssh", ssh or f"'{program}'", *map(str, arguments)]
        for number in range(planes.count):
            command += ["--node", f"node{number}"]
        done = subprocess.run(command, env=clean_environment() | {"HOME": str(self.folder)}, cwd=self.folder, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    @unittest.skipIf(SANITIZED, "such a program is too large to be sent along")
    def test_rolls_back_from_node_to_node(self):
        planes = self.api(count=2)
        for phase in ("accept", "switch"):
            self.on_nodes("patch", planes, "--issuer", NEW, "--phase", phase)
        shown = json.loads(self.on_nodes("rollback", planes, "--dry-run", "-o", "json").stdout)
        self.assertEqual(shown["nodes"], ["node0", "node1"])
        self.assertIn(f"-    - --service-account-issuer={NEW}", shown["output"]["node1"])
        self.on_nodes("rollback", planes)
        self.assertEqual([server.flags("service-account-issuer") for server in planes.servers], [[OLD, NEW]] * 2)
        self.assertIn("--ssh ': a ' is not closed", self.on_nodes("rollback", planes, ssh="'", code=3).stderr)

    def test_rollback_leaves_no_api_server_that_refuses_what_another_signs(self):
        planes = self.api(count=2)
        for phase in ("accept", "switch"):
            for server in planes.servers:
                self.at(server)
                self.irsa("patch", "--issuer", NEW, "--phase", phase)
        newest = sorted((planes.servers[1].root / "kubernetes/irsa-backup").iterdir())[-1]
        newest.unlink()  # so that the one from before accept comes
        done = self.irsa("rollback", code=1)
        self.assertIn(f"signs as {NEW}, which this one would refuse; nothing was changed", done.stderr)
        self.assertEqual(planes.servers[1].flags("service-account-issuer"), [NEW, OLD])

    def test_rollback_waits_for_the_api_server_of_its_own_node(self):
        planes = self.api(count=2)
        for server in planes.servers:
            self.at(server)
            self.irsa("patch", "--issuer", NEW, "--phase", "accept")
        planes.servers[1].obeys = False  # the one of the kubeconfig goes on signing as OLD
        self.assertIn("the API server has not restarted yet", self.irsa("rollback", "--timeout", "1s", code=1).stderr)

    def test_rollback_refuses_a_pre_image_whose_key_is_gone(self):
        planes = self.api()
        self.irsa("patch", "--issuer", NEW)
        (planes.servers[0].keys / "sa.pub").rename(planes.servers[0].keys / "elsewhere")
        self.assertIn("names the key /etc/kubernetes/pki/sa.pub, which is not there", self.irsa("rollback", code=1).stderr)
        self.assertEqual(self.manifest.read_bytes(), AFTER)

    def test_takes_a_port_only_when_told_and_an_issuer_that_signs_as_it_is(self):
        ceph = "https://rgw.example.com:8443/oidc"
        refused = self.irsa("patch", "--issuer", ceph, "--dry-run", code=3)
        self.assertIn("with Ceph: --allow-port", refused.stderr)
        self.assertIn(f"+    - --service-account-issuer={ceph}\n", self.irsa("patch", "--issuer", ceph, "--allow-port", "--dry-run").stdout)
        self.irsa("patch", "--issuer", "https://rgw.example.com:8443/", "--allow-port", "--dry-run", code=3)
        strange = "https://192.0.2.20:6443/"
        self.manifest.write_bytes(AFTER.replace(NEW.encode(), b"X").replace(OLD.encode(), NEW.encode()).replace(b"=X", b"=" + strange.encode()))
        back = self.irsa("patch", "--issuer", strange, "--phase", "finish", "--dry-run").stdout
        self.assertIn(f"-    - --service-account-issuer={NEW}\n", back)
        self.irsa("patch", "--issuer", strange, "--dry-run", code=3)

    def test_refuses_a_manifest_that_would_not_start_before_the_kubelet_sees_it(self):
        planes = self.api()
        (planes.servers[0].keys / "sa.key").unlink()
        done = self.irsa("patch", "--issuer", NEW, code=1)
        self.assertIn("names the key /etc/kubernetes/pki/sa.key, which is not there", done.stderr)
        self.assertEqual(self.manifest.read_bytes(), BEFORE)
        self.assertFalse(self.backups.exists())

    def test_does_nothing_when_the_nodes_cannot_be_counted(self):
        with ControlPlanes(self.folder) as planes:
            self.kubeconfig = planes.kubeconfig
        done = self.irsa("patch", "--issuer", NEW, code=4)
        self.assertIn("counting the control-plane nodes", done.stderr)
        self.assertIn("--single-node", done.stderr)
        self.assertEqual(self.manifest.read_bytes(), BEFORE)

    def test_puts_the_old_manifest_back_when_the_api_server_does_not_come_in_time(self):
        self.api(obeys=False)
        done = self.irsa("patch", "--issuer", NEW, "--timeout", "1s", code=1)
        self.assertIn(f"after 1 s the API server still serves the issuer {OLD}; the old manifest was put back", done.stderr)
        self.assertEqual(self.manifest.read_bytes(), BEFORE)

    def test_says_where_things_stand_when_an_earlier_run_was_cut_off(self):
        self.api(obeys=False)
        self.manifest.write_bytes(AFTER)
        done = self.irsa("patch", "--issuer", NEW, "--timeout", "1s", code=1)
        self.assertIn(f"hint: irsa apiserver rollback --manifest {self.manifest}", done.stderr)
        self.assertEqual(self.manifest.read_bytes(), AFTER)

    def test_the_end_of_the_new_container_is_seen_and_undone_at_once(self):
        planes = self.api(obeys=False)
        flags = [line.strip()[2:] for line in AFTER.decode().splitlines() if line.strip().startswith(("- --", "- kube-apiserver"))]
        arguments = b"".join(flag.encode() + b"\0" for flag in flags)
        script = self.folder / "process.py"  # puts these arguments in the place of its own
        script.write_text("import time; start = int(open('/proc/self/stat').read().rpartition(')')[2].split()[45])\n"
                          f"memory = open('/proc/self/mem', 'r+b', 0); memory.seek(start); memory.write({arguments!r}); time.sleep(1)\n")
        command = [sys.executable, str(script)]
        command.append("x" * (len(arguments) - sum(len(word) + 1 for word in command) - 1))
        stop = threading.Event()

        def kubelet():  # starts what the new manifest says, which ends soon
            while not stop.wait(0.02):
                if self.manifest.read_bytes() == AFTER:
                    return subprocess.run(command, check=False)
            return None
        watcher = threading.Thread(target=kubelet)
        watcher.start()
        started = time.monotonic()
        try:
            done = self.irsa("patch", "--issuer", NEW, "--timeout", "60s", code=1)
        finally:
            stop.set()
            watcher.join()
        self.assertIn("the container of the new manifest ended; the old manifest was put back, and the API server is ready", done.stderr)
        self.assertLess(time.monotonic() - started, 20)
        self.assertEqual(self.manifest.read_bytes(), BEFORE)

    def end_at_once(self, number):
        """Containers of the new manifest end before anybody sees their process: the kubelet starts the next, with the next log."""
        self.api(obeys=False)
        logs = self.folder / "var/log/pods/kube-system_kube-apiserver-node0_4711/kube-apiserver"
        stop = threading.Event()

        def kubelet():
            while self.manifest.read_bytes() != AFTER:
                if stop.wait(0.02):
                    return
            logs.mkdir(parents=True, exist_ok=True)
            for log in (number, number + 1):
                (logs / f"{log}.log").write_text('2026-11-27T13:23:16.01Z stderr F I1127 1 server.go:153] "Golang settings"\n'
                                                 '2026-11-27T13:23:16.02Z stderr F E1127 1 run.go:72] "command failed" err="bind: in use"\n')
        watcher = threading.Thread(target=kubelet)
        watcher.start()
        try:
            done = self.irsa("patch", "--issuer", NEW, "--timeout", "60s", code=1)
        finally:
            stop.set()
            watcher.join()
        self.assertIn('the container of the new manifest ended: E1127 1 run.go:72] "command failed" err="bind: in use"; the old '
                      "manifest was put back", done.stderr)
        self.assertEqual(self.manifest.read_bytes(), BEFORE)

    def test_a_container_that_ends_at_once_is_known_by_its_logs(self):
        self.end_at_once(0)

    def test_and_so_is_one_of_a_manifest_that_was_tried_before(self):
        old = self.folder / "var/log/pods/kube-system_kube-apiserver-node0_4711/kube-apiserver"
        old.mkdir(parents=True)
        (old / "3.log").write_text("2026-11-27T12:00:00Z stderr F what it said then\n")
        self.end_at_once(4)

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
