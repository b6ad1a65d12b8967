"""irsa apiserver patch --for and lint as a process: files edited in place, kubeadm's own commands on what we write, models of
what k3s and kubeadm make of it, and the published types of Cluster API and kind."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

import yaml

from support import go_programs
from support.control_planes import ControlPlanes
from support.simulator import clean_environment

IRSA = os.environ["IRSA"]
HERE = pathlib.Path(__file__).parent
BEFORE, AFTER = ((HERE.parent / "cluster/data/kubeadm" / name).read_bytes() for name in ("before.yaml", "after.yaml"))
CASES = HERE.parent / "cluster" / "flavours"
NEW = "https://edge-prod.s3.us-west-2.amazonaws.com"
OLD = "https://kubernetes.default.svc.cluster.local"
PATCH = "kube-apiserver-irsa+json.yaml"
# There, half the way back, to the end, and back from there.
WALK = (("accept", [OLD, NEW], ()), ("switch", [NEW, OLD], ()), ("accept", [OLD, NEW], ()), ("switch", [NEW, OLD], ()),
        ("finish", [NEW], ()), ("switch", [NEW, OLD], ("--former", OLD)), ("accept", [OLD, NEW], ()))
KUBEADM = go_programs.kubernetes("kubeadm")


def k3s_arguments(initial, extra):
    """What k3s makes of its defaults and kube-apiserver-arg, as its documentation says: = replaces the default, += comes after
    it, -= before it, and repeats add up."""
    initial, values = dict(initial), {}
    for argument in extra:
        name, value = argument.removeprefix("--").split("=", 1)
        sign, name = name[-1] if name[-1] in "+-" else "", name.rstrip("+-")
        before, default = values.get(name, []), [initial.pop(name)] if name in initial else []
        values[name] = {"": before + [value], "+": default + before + [value], "-": [value] + default + before}[sign]
    return values | {name: [value] for name, value in initial.items()}


class Process(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="irsa-edit-test-")))

    def irsa(self, *arguments, code=0, **options):
        done = subprocess.run([IRSA, "apiserver", *map(str, arguments)], env=clean_environment() | {"HOME": str(self.folder)},
                              cwd=self.folder, text=True, capture_output=True, **{"stdin": subprocess.DEVNULL, **options})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def patch(self, flavour, file, *arguments, **options):
        return self.irsa("patch", "--for", flavour, "--file", file, "--issuer", NEW, *arguments, **options)

    def case(self, name):
        path = self.folder / "file.yaml"
        path.write_bytes((CASES / name / "before").read_bytes())
        return path


class Edit(Process):
    def test_edits_in_place_by_phases_and_twice_is_once(self):
        path = self.case("kubeadm-v1beta4")
        path.chmod(0o640)
        for phase in ("accept", "switch", "finish"):
            done = self.patch("kubeadm", path, "--phase", phase)
            self.assertEqual(path.read_bytes(), (CASES / "kubeadm-v1beta4" / phase).read_bytes())
            self.assertEqual((self.folder / "patches" / PATCH).read_bytes(), (CASES / "kubeadm-v1beta4" / f"{phase}.patch").read_bytes())
            self.assertIn("next  on one control-plane node after the other: kubeadm", done.stdout)
            self.assertFalse(json.loads(self.patch("kubeadm", path, "--phase", phase, "-o", "json").stdout)["changed"])
        self.assertEqual(path.stat().st_mode & 0o777, 0o640)

    def test_dry_run_shows_both_files_and_writes_neither(self):
        path = self.case("kubeadm-v1beta3")
        before = path.read_bytes()
        done = self.patch("kubeadm", path, "--dry-run")
        self.assertIn(f"\n+    service-account-issuer: {NEW}\n", done.stdout)
        self.assertIn("--- /dev/null\n+++ ", done.stdout)
        self.assertEqual(path.read_bytes(), before)
        self.assertFalse((self.folder / "patches").exists())

    def test_reads_standard_input_and_writes_standard_output(self):
        done = self.patch("kops", "-", "--phase", "accept", input=(CASES / "kops" / "before").read_text(), stdin=None)
        self.assertEqual(done.stdout, (CASES / "kops" / "accept").read_text())

    def test_knows_a_file_by_its_looks(self):
        path = self.case("gardener")
        document = json.loads(self.patch("auto", path, "--former", "https://api.example.com", "-o", "json").stdout)
        self.assertEqual((document["for"], document["changed"]), ("gardener", True))

    def test_refuses_with_place_and_reason_and_leaves_the_file(self):
        path = self.case("eks-anywhere")
        before = path.read_bytes()
        done = self.patch("eks-anywhere", path, code=1)
        self.assertIn("ISSUER_ORDER", done.stderr)
        self.assertIn("paused=true", done.stderr)
        self.assertIn("hint: for a new cluster, which has no tokens yet: --phase finish", done.stderr)
        path.write_bytes(before.replace(b"spec:", b"spec:\n\ttabs: x", 1))
        self.assertIn("line 7", self.patch("eks-anywhere", path, code=1).stderr)

    def test_asks_for_the_former_issuer_where_the_new_one_stands_alone(self):
        path = self.case("kubeadm-v1beta4-bare")
        for phase in ("accept", "switch", "finish"):
            self.patch("kubeadm", path, "--phase", phase)
        shutil.rmtree(self.folder / "patches")
        before = path.read_bytes()
        for phase in ("accept", "switch"):
            self.assertIn("hint: the way back: name the former issuer with --former",
                          self.patch("kubeadm", path, "--phase", phase, code=1).stderr)
        self.assertNotIn(PATCH, self.patch("kubeadm", path, "--phase", "finish").stdout)
        self.assertEqual(path.read_bytes(), before)

    def test_says_what_is_missing_on_the_command_line(self):
        path = self.case("kops")
        self.assertIn("one of eks-anywhere, kubeadm", self.patch("kopps", path, code=3).stderr)
        self.assertIn("--phase is accept, switch or finish", self.patch("kops", path, "--phase", "swap", code=3).stderr)
        self.assertIn("kops get cluster NAME", self.irsa("patch", "--for", "kops", "--issuer", NEW, code=3).stderr)
        self.assertIn("slash", self.irsa("patch", "--for", "kops", "--file", path, "--issuer", NEW + "/", code=3).stderr)

    def test_follows_no_link_and_makes_no_file_but_where_one_may_be_missing(self):
        path = self.case("kops")
        link = self.folder / "link.yaml"
        link.symlink_to(path)
        self.assertIn("symbolic link", self.patch("kops", link, code=3).stderr)
        self.patch("kops", self.folder / "none.yaml", code=1)
        self.patch("k3s", self.folder / "config.yaml")
        self.assertIn("service-account-issuer-=", (self.folder / "config.yaml").read_text())


class FilesBeside(Process):
    """What is in force together with the file: the patches of others, and drop-ins."""

    def test_sees_the_issuer_that_anothers_patch_appends_and_never_writes_it_twice(self):
        path = self.folder / "kubeadm.yaml"
        path.write_bytes((CASES / "kubeadm-v1beta4-bare" / "before").read_bytes())
        others = self.folder / "patches" / "kube-apiserver0+json.yaml"
        others.parent.mkdir()
        others.write_text(f'- {{op: add, path: /spec/containers/0/command/-, value: "--service-account-issuer={NEW}"}}\n')
        self.patch("kubeadm", path, "--phase", "accept")
        self.assertFalse((others.parent / PATCH).exists())
        self.assertEqual(self.irsa("lint", path).stdout.count("ISSUER_ORDER"), 1)
        before = path.read_bytes()
        refused = self.patch("kubeadm", path, "--phase", "switch", code=1).stderr
        self.assertIn(f"ISSUER_TWICE: {others}, line 1: {NEW} is appended here", refused)
        self.assertEqual(path.read_bytes(), before)
        path.write_text(path.read_text() + f"apiServer:\n  extraArgs:\n  - {{name: service-account-issuer, value: {NEW}}}\n")
        self.assertIn("ISSUER_TWICE", self.irsa("lint", path, code=1).stdout)
        self.assertIn("comes a second time here", self.patch("kubeadm", path, "--phase", "switch", code=1).stderr)
        others.write_text(others.read_text().replace(NEW, OLD))
        self.assertEqual(json.loads(self.patch("kubeadm", path, "-o", "json").stdout)["changed"], False)
        self.assertIn("ISSUER_CONFLICT", self.patch("kubeadm", path, "--phase", "finish", code=1).stderr)
        others.unlink()
        self.patch("kubeadm", path, "--phase", "finish")

    def test_lint_names_the_file_beside_and_looks_at_it_in_a_folder_too(self):
        path, patches = self.folder / "kubeadm.yaml", self.folder / "patches"
        path.write_bytes((CASES / "kubeadm-v1beta4-bare" / "switch").read_bytes())
        patches.mkdir()
        (patches / PATCH).write_bytes((CASES / "kubeadm-v1beta4-bare" / "switch.patch").read_bytes().replace(OLD.encode(), OLD.encode() + b"/"))
        for place in (path, self.folder):
            self.assertIn(f"error ISSUER_SLASH  {patches}/{PATCH}:4:10\n", self.irsa("lint", place, code=1).stdout)
        elsewhere = self.folder / "elsewhere"
        patches.rename(elsewhere)
        self.assertNotIn("ISSUER_SLASH", self.irsa("lint", path).stdout)
        self.assertIn("ISSUER_SLASH", self.irsa("lint", path, "--patches", elsewhere, code=1).stdout)
        (elsewhere / PATCH).write_text((elsewhere / PATCH).read_text().replace(f"{OLD}/", "https://a.example.com,https://b.example.com"))
        refused = self.patch("kubeadm", path, "--patches", elsewhere, "--phase", "accept", code=1)
        self.assertIn(f"{elsewhere}/{PATCH}: line 4, column 10: ISSUER_JOINED", refused.stderr)

    def test_looks_at_the_drop_ins_that_replace_or_add_to_a_list(self):
        path, drop_in = self.folder / "config.yaml", self.folder / "config.yaml.d" / "10-audit.yaml"
        path.write_text("token: x\n")
        self.patch("k3s", path, "--phase", "switch")
        drop_in.parent.mkdir()
        drop_in.write_text("kube-apiserver-arg:\n- audit-log-maxage=3\n")
        self.assertIn("error ISSUER_CONFLICT", self.irsa("lint", path, code=1).stdout)
        for flavour in ("k3s", "rke2"):
            refused = self.patch(flavour, path, "--phase", "finish", code=1).stderr
            self.assertIn(f"ISSUER_CONFLICT: {drop_in}, line 1: this kube-apiserver-arg replaces", refused)
        drop_in.write_text(drop_in.read_text().replace("arg:", "arg+:"))
        self.assertEqual(self.irsa("lint", path, "--issuer", NEW).stdout, "no findings\n")
        self.patch("k3s", path, "--phase", "finish")
        drop_in.write_text("kube-apiserver-arg+:\n- api-audiences=vault\n")
        self.assertIn(f"{drop_in}, line 1: api-audiences is set there too", self.patch("k3s", path, "--phase", "finish", code=1).stderr)

    def test_adds_to_the_list_of_config_yaml_when_a_drop_in_is_edited(self):
        path, drop_in = self.folder / "config.yaml", self.folder / "config.yaml.d" / "50-issuer.yaml"
        drop_in.parent.mkdir()
        path.write_text("cluster-domain: edge.example.com\nkube-apiserver-arg:\n- audit-log-maxage=3\n")
        self.patch("k3s", drop_in, "--phase", "switch")
        self.assertEqual(drop_in.read_text(), f"kube-apiserver-arg+:\n- service-account-issuer-={NEW}\n- api-audiences+={NEW}\n")
        path.write_text(path.read_text() + "- service-account-issuer=https://a.example.com\n")
        self.assertIn("is set there too", self.patch("k3s", drop_in, "--phase", "switch", code=1).stderr)


class Models(Process):
    """What the owner of a file makes of it: the new issuer first, the old one still accepted."""

    def test_k3s_signs_with_ours_and_accepts_its_own(self):
        for before in ("", "kube-apiserver-arg:\n- audit-log-maxage=3\n",
                       f"kube-apiserver-arg:\n- service-account-issuer={OLD}\n"):
            path = self.folder / "config.yaml"
            path.write_text(before)
            for phase, wanted, more in WALK:
                self.patch("k3s", path, "--phase", phase, *more)
                made = k3s_arguments({"service-account-issuer": OLD, "api-audiences": f"{OLD},k3s"},
                                     yaml.safe_load(path.read_text())["kube-apiserver-arg"])
                self.assertEqual(made["service-account-issuer"], wanted, path.read_text())
                audiences = ",".join(made["api-audiences"]).split(",")
                self.assertIn(NEW, audiences)
                self.assertIn("k3s", audiences)

    @unittest.skipUnless(KUBEADM, "kubeadm is not built: script/test node does that")
    def test_kubeadm_accepts_what_we_write_and_renders_it_in_our_order(self):
        for name in ("kubeadm-v1beta4", "kubeadm-v1beta4-bare"):
            path = self.case(name)
            for phase, wanted, more in WALK:
                self.patch("kubeadm", path, "--phase", phase, *more)
                self.assertEqual(self.rendered(path), wanted, phase)
            shutil.rmtree(self.folder / "patches")

    def rendered(self, path):
        """The issuers of the manifest that kubeadm writes."""
        home = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        text = path.read_text()
        for folder in ("/etc/kubernetes/patches", "/srv/patches"):
            text = text.replace(folder, str(self.folder / "patches"))
        (home / "kubeadm.yaml").write_text(text)
        run = lambda *arguments: subprocess.run([KUBEADM, *arguments], text=True, capture_output=True, cwd=home, timeout=60,
                                                env=os.environ | {"KUBEADM_INIT_DRYRUN_DIR": str(home)})
        valid = run("config", "validate", "--config", "kubeadm.yaml")
        self.assertEqual(valid.returncode, 0, valid.stderr)
        done = run("init", "phase", "control-plane", "apiserver", "--config", "kubeadm.yaml", "--dry-run")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        manifest = yaml.safe_load((home / "kube-apiserver.yaml").read_text())
        flags = [flag.split("=", 1) for flag in manifest["spec"]["containers"][0]["command"] if "=" in flag]
        return [value for name, value in flags if name == "--service-account-issuer"]


class PublishedTypes(Process):
    """A strict decoder of the types that Cluster API and kind publish as Go modules."""

    @classmethod
    def setUpClass(cls):
        home = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="irsa-published-types-")))
        cls.decoder = go_programs.build(HERE / "published_types", home / "published-types")

    def decode(self, which, path):
        return subprocess.run([self.decoder, which, path], text=True, capture_output=True)

    def test_take_every_golden_file(self):
        checked = 0
        for which in ("kind", "cluster-api"):
            for folder in sorted(CASES.glob(f"{which}-*")):
                for phase in ("accept", "switch", "finish"):
                    done = self.decode(which, folder / phase)
                    self.assertEqual(done.returncode, 0, f"{folder.name} {phase}: {done.stderr}")
                    checked += 1
        self.assertGreaterEqual(checked, 12)

    def test_refuse_a_field_that_does_not_exist(self):
        for which, name in (("kind", "kind-1.36"), ("cluster-api", "cluster-api-v1beta2")):
            path = self.folder / "wrong.yaml"
            path.write_text((CASES / name / "switch").read_text() + "serviceAccountIssuer: x\n")
            self.assertEqual(self.decode(which, path).returncode, 1)


class Manifests(Process):
    def test_a_live_manifest_is_never_beside_another_file_and_keeps_its_pre_image(self):
        manifest = self.folder / "kubernetes" / "manifests" / "kube-apiserver.yaml"
        manifest.parent.mkdir(parents=True)
        manifest.write_bytes(BEFORE)
        names, stop = set(), threading.Event()

        def watch():
            while not stop.is_set():
                names.update(os.listdir(manifest.parent))
        watcher = threading.Thread(target=watch)
        watcher.start()
        for phase in ("accept", "switch", "finish"):
            self.patch("static-pod", manifest, "--phase", phase)
        stop.set()
        watcher.join()
        self.assertEqual(names, {"kube-apiserver.yaml"})
        kept = [path.read_bytes() for path in sorted((self.folder / "kubernetes" / "irsa-backup").iterdir())]
        self.assertIn(BEFORE, kept)

    def test_asks_the_cluster_what_it_is(self):
        manifest = self.folder / "kube-apiserver.yaml"
        manifest.write_bytes(BEFORE)
        with SeveralServers(self.folder) as api:
            done = self.irsa("patch", "--for", "auto", "--kubeconfig", api.kubeconfig, "--issuer", NEW, code=3)
        self.assertIn("this is kubeadm's configuration", done.stderr)
        self.assertIn("name with --file what you keep", done.stderr)


class SeveralServers(ControlPlanes):
    """Two API servers as pods, and what kubeadm would write at the next upgrade."""

    def _answer(self, method, path, query, body):
        if path.startswith("/api/v1/namespaces/kube-system/pods"):
            pods = [yaml.safe_load(AFTER), yaml.safe_load(BEFORE)]
            for number, pod in enumerate(pods):
                pod["metadata"]["name"] = f"kube-apiserver-{number}"
                del pod["kind"], pod["apiVersion"]
            return 200, {"kind": "PodList", "items": pods}
        if path == "/api/v1/nodes":
            return 200, {"kind": "NodeList", "items": [{"metadata": {"name": "a"}, "status": {"nodeInfo": {"kubeletVersion": "v1.37.2"}}}]}
        if path == "/apis":
            return 200, {"kind": "APIGroupList", "groups": [{"name": "apps"}]}
        if path.endswith("/kubeadm-config"):
            text = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer:\n  extraArgs:\n" \
                   "  - {name: api-audiences, value: sts.amazonaws.com}\n"
            return 200, {"kind": "ConfigMap", "data": {"ClusterConfiguration": text}}
        return 404, {"kind": "Status", "reason": "NotFound", "message": "no"}


class Lint(Process):
    def test_looks_at_the_api_servers_of_a_cluster_and_at_what_the_next_upgrade_writes(self):
        manifest = self.folder / "kube-apiserver.yaml"
        manifest.write_bytes(BEFORE)
        with SeveralServers(self.folder) as api:
            done = self.irsa("lint", "--kubeconfig", api.kubeconfig, "-o", "json", code=1)
            named = self.irsa("lint", "--kubeconfig", api.kubeconfig, "--for", "kubeadm", "-o", "json", code=1)
        found = {(finding["code"], finding["place"]) for finding in json.loads(done.stdout)["findings"]}
        self.assertLessEqual({("ISSUER_DIFFERS", "Pod kube-system/kube-apiserver-1"),
                              ("EDIT_NOT_KEPT", "ConfigMap kube-system/kubeadm-config"),
                              ("AUDIENCE_BOUNDARY", "ConfigMap kube-system/kubeadm-config, line 5")}, found)
        self.assertEqual(named.stdout, done.stdout)
        self.assertEqual(self.irsa("lint", "--kubeconfig", api.kubeconfig, "--timeout", "1s", code=4).stdout, "")

    def test_tells_a_manifests_folder_as_table_json_and_sarif(self):
        manifests = self.folder / "manifests"
        shutil.copytree(HERE.parent / "cluster" / "lint" / "article", manifests)
        (manifests / "findings").unlink()
        (manifests / "kube-apiserver.yaml.bak").write_bytes((manifests / "kube-apiserver.yaml").read_bytes())
        table = self.irsa("lint", manifests, code=1).stdout
        self.assertIn(f"error VOLUME_SHAPE  {manifests}/kube-apiserver.yaml:44:9\n", table)
        self.assertIn(f"error BACKUP_IN_MANIFESTS  {manifests}/kube-apiserver.yaml.bak:1:1\n", table)
        document = json.loads(self.irsa("lint", manifests, "-o", "json", code=1).stdout)
        codes = {finding["code"] for finding in document["findings"]}
        self.assertLessEqual({"AUDIENCE_BOUNDARY", "KEY_IN_MANIFESTS", "KEY_REPLACED", "VOLUME_SHAPE", "GODEBUG_X509", "BACKUP_IN_MANIFESTS"}, codes)
        sarif = json.loads(self.irsa("lint", manifests, "-o", "sarif", code=1).stdout)
        places = [result["locations"][0]["physicalLocation"] for result in sarif["runs"][0]["results"]]
        self.assertIn({"startLine": 44, "startColumn": 9}, [place["region"] for place in places])

    def test_looks_around_a_manifest_and_at_standard_input(self):
        manifests = self.folder / "manifests"
        shutil.copytree(HERE.parent / "cluster" / "lint" / "backup", manifests)
        (manifests / "findings").unlink()
        self.assertIn("BACKUP_IN_MANIFESTS", self.irsa("lint", manifests / "kube-apiserver.yaml", code=1).stdout)
        done = self.irsa("lint", "-", code=1, stdin=None, input="kube-apiserver-arg: ['service-account-issuer=https://a/']\n")
        self.assertIn("error ISSUER_SLASH  standard input:1:22\n", done.stdout)

    def test_is_content_with_a_good_file_and_says_what_it_could_not_read(self):
        self.assertEqual(self.irsa("lint", CASES / "kops" / "switch").stdout, "no findings\n")
        self.irsa("lint", self.folder / "none.yaml", code=4)
        self.irsa("lint", "--for", "kopps", CASES / "kops" / "switch", code=3)
        self.irsa("lint", CASES / "static-pod" / "accept", "--issuer", NEW, code=1)
        self.irsa("lint", CASES / "static-pod" / "switch", "--issuer", NEW)

    def test_has_a_page_that_names_every_code_and_every_distribution(self):
        root = HERE.parents[1]
        page = (root / "docs/guide/distributions.md").read_text()
        sources = [*(root / "src/cluster").glob("*.cpp"), root / "apps/cli/api_server_lint.cpp"]
        raised = set(re.findall(r'"([A-Z]+(?:_[A-Z0-9]+)+)"', "".join(path.read_text() for path in sources)))
        self.assertEqual(set(re.findall(r"`([A-Z]+(?:_[A-Z0-9]+)+)`", page.partition("## Finding mistakes")[2])), raised)
        names = self.irsa("patch", "--for", "none", "--issuer", NEW, code=3).stderr.partition("one of ")[2].partition(", or")[0].split(", ")
        self.assertEqual(set(re.findall(r"`([a-z0-9][a-z0-9-]+)`", "".join(re.findall(r"(?m)^\| (`[a-z0-9][a-z0-9-]+`(?:, `[a-z0-9-]+`)?) ", page)))), set(names))


if __name__ == "__main__":
    unittest.main()
