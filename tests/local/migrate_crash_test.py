"""irsa is killed right before each system call that changes something, in every step of a move and of a rotation: the next run
ends where an undisturbed one does, and no token is refused on the way.

Each run takes seconds of waiting, so that this is for script/test soak alone."""
import json
import os
import shutil
import time
import unittest

from support import crash_points
from support.control_planes import OLD
from support.nodes import NodesCase
from support.scale import soak_only

IRSA = os.environ["IRSA"]


class Killed(NodesCase):
    def setUp(self):
        self.begin(IRSA, count=1, has_controllers=True)
        server = self.planes.servers[0]
        self.here = ["--manifest", server.manifest, "--root", server.root, "--yes"]
        self.kept = []

    def command(self, *arguments):
        return self.account.command(*arguments)

    def snapshot(self):
        """Everything that a run can change: files, the account, and the API server's objects."""
        server = self.planes.servers[0]
        folders = [place for place in (server.manifest.parent, server.keys, self.folder / "keys") if place.exists()]
        files = {path: path.read_bytes() for place in folders for path in place.rglob("*") if path.is_file()}
        return {"files": files, "folders": folders, "account": (self.folder / "state.json").read_bytes(), "objects": dict(self.planes.objects)}

    def restore(self, before):
        server = self.planes.servers[0]
        self.account.__exit__(None, None, None)
        for place in (server.manifest.parent, server.keys, self.folder / "keys"):
            for path in place.rglob("*") if place.exists() else ():
                if path.is_file() and path not in before["files"]:
                    path.unlink()
            if place.exists() and place not in before["folders"]:
                place.rmdir()
        shutil.rmtree(server.root / "kubernetes/irsa-backup", ignore_errors=True)
        for path, content in before["files"].items():
            if path.read_bytes() != content:
                path.write_bytes(content)
        (self.folder / "state.json").write_bytes(before["account"])
        self.planes.objects = dict(before["objects"])
        server.text, server.unwell = server.manifest.read_text(), 0
        self.account.__enter__()

    def world(self):
        server = self.planes.servers[0]
        flags = {name: [self.blurred(value) for value in server.flags(name)]
                 for name in ("service-account-issuer", "service-account-key-file", "service-account-signing-key-file")}
        return {"account": self.account.walk(), "flags": flags, "names": sorted(os.listdir(server.manifest.parent))}

    @staticmethod
    def blurred(value):
        return value.rpartition("/sa-")[0] + value[-4:] if "/sa-2" in value else value

    def tokens_hold(self):
        server = self.planes.servers[0]
        while not server.look():
            pass
        return all(server.accepts(token) for token in self.kept)

    def killed(self, point, command, before):
        """How many calls a wait takes differs from run to run: a point behind one may come earlier, so it is tried again."""
        for _ in range(3):
            self.restore(before)
            if crash_points.run_until(point, self.command(*command), **self.account.options()):
                return True
        return False

    def run_matrix(self, name, *command):
        server = self.planes.servers[0]
        self.kept.append(server.mint({}))
        before = self.snapshot()
        points = crash_points.points(self.command(*command), **self.account.options())
        expected, wrong, missed = self.world(), [], []
        for point in points:
            if not self.killed(point, command, before):
                missed.append(point)
            if not self.tokens_hold():
                wrong.append(f"{point}: a token is refused")
            for _ in range(2):  # a step may have been done but for its last words; then the run after it does the next
                if self.world() == expected:
                    break
                self.account.run(*command)
            if self.world() != expected:
                wrong.append(f"{point}: another world: {self.world()}")
            if not self.tokens_hold():
                wrong.append(f"{point}: a token is refused afterwards")
        passed = len(points) - len(wrong) - len(missed)
        print(f"{name}: {len(points)} points ({crash_points.table(points)}); {passed} passed, {len(wrong)} failed, {len(missed)} not met",
              flush=True)
        self.assertEqual(wrong, [])
        self.assertLessEqual(len(missed), len(points) // 20, missed)
        self.restore(before)
        self.account.must(*command)
        return len(points)

    @soak_only
    def test_every_step_of_a_move(self):
        points = 0
        for phase in ("publish", "provider", "accept", "switch", "finish"):
            if phase == "finish":
                self.kept.clear()  # those of the former issuer
            self.assertEqual(self.seen("migrate", "status")["phase"], phase)
            points += self.run_matrix(f"migrate next ({phase})", "migrate", "next", *self.here)
        self.assertGreater(points, 60)
        self.assertNotIn(OLD, self.planes.servers[0].flags("service-account-issuer"))

    @soak_only
    def test_every_step_of_a_rotation(self):
        self.irsa("apply", "--yes", "--only", "issuer,provider,roles")
        points = 0
        for step in ("introduce", "promote", "retire"):
            if step == "retire":
                self.kept.clear()
                self.planes.servers[0].started = time.time() - 100
            points += self.run_matrix(f"keys rotate ({step})", "keys", "rotate", step, "--cached", "0s", *self.here)
        self.assertGreater(points, 40)
        self.assertFalse(self.seen("keys", "status")["underWay"])
        published = json.loads(self.account.client("s3").get_object(
            Bucket=self.account.client("s3").list_buckets()["Buckets"][0]["Name"], Key="keys.json")["Body"].read())
        self.assertGreaterEqual(len(published["keys"]), 1)


if __name__ == "__main__":
    unittest.main()
