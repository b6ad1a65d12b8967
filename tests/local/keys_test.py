"""irsa keys as a process: two API servers go from an RSA key to one of P-256, and AWS knows every key that signs."""
import base64
import json
import os
import stat
import time
import unittest

from support.control_planes import kid_of, public_of
from support.nodes import NodesCase
from support.scale import SANITIZED, soak_only

IRSA = os.environ["IRSA"]
DAY = 24 * 3600


@unittest.skipIf(SANITIZED, "takes minutes; its rooms have their own tests")
class Keys(NodesCase):
    def setUp(self):
        self.begin(IRSA, has_controllers=True)
        self.irsa("apply", "--yes", "--only", "issuer,provider,roles")
        self.first = kid_of(public_of(self.planes.first_keys["sa.pub"]))

    def rotate(self, *arguments, code=0):
        return self.irsa("keys", "rotate", *self.nodes, *arguments, code=code)

    def status(self):
        return self.seen("keys", "status")

    def published(self):
        return set(super().published())

    def signing(self):
        return [server_kid(server) for server in self.planes.servers]

    def test_introduces_promotes_and_retires_while_every_token_verifies(self):
        tokens = [server.mint({}) for server in self.planes.servers]
        self.rotate("introduce")
        self.assertEqual(self.signing(), [self.first] * 2)
        new = self.status()["next"]
        self.assertEqual(self.published(), {self.first, new})
        refused = self.rotate("promote", code=1)
        self.assertIn("may be cached in its old form", refused.stderr)
        self.rotate("promote", "--cached", "0s")
        self.assertEqual(self.signing(), [new] * 2)
        self.assertEqual(json.loads(header(self.planes.servers[0].mint({})))["alg"], "ES256")
        for server in self.planes.servers:
            self.assertIn(f"-{new}.key", server.controller.read_text())
        tokens += [server.mint({}) for server in self.planes.servers]
        for token in tokens:
            self.assertTrue(all(server.accepts(token) for server in self.planes.servers))
            self.assertIn(json.loads(header(token))["kid"], self.published())
        self.planes.add_pod("shop/orders", time.time() - 100)
        self.assertIn("shop/orders", self.rotate("retire", code=1).stderr)
        for server in self.planes.servers:
            server.started = time.time() - DAY - 300
        self.rotate("retire")
        self.assertEqual([len(server.verifying()) for server in self.planes.servers], [1, 1])
        self.assertEqual(self.published(), {self.first, new})
        self.assertFalse(self.status()["underWay"])
        self.irsa("apply", "--yes", "--only", "issuer")
        self.assertEqual(self.published(), {new})

    def test_shows_the_keys_that_it_cannot_rotate(self):
        for server in self.planes.servers:
            server.pod = lambda: None  # as with k3s, whose API server is no pod
        status = self.status()
        self.assertEqual((status["rotatable"], status["published"]), (False, [self.first]))
        self.assertEqual([server["key"] for server in status["servers"]], [self.first] * 2)
        self.assertIn("is no pod of the kubelet", status["why"])
        self.assertIn("is no pod of the kubelet", self.rotate(code=1).stderr)

    def test_writes_private_keys_for_their_owner_alone_and_shows_none(self):
        out = self.rotate("introduce")
        for folder in (*(server.keys for server in self.planes.servers), self.folder / "keys"):
            [secret] = folder.glob("sa-2*.key")
            self.assertEqual(stat.S_IMODE(secret.stat().st_mode), 0o600)
            self.assertNotIn(secret.read_text().splitlines()[1], out.stdout + out.stderr)

    @soak_only
    def test_goes_on_with_the_same_key_after_a_node_failed(self):
        self.planes.servers[1].obeys = False
        self.assertIn("stopped at node node1", self.rotate("introduce", "--timeout", "2s", code=1).stderr)
        new = self.status()["next"]
        self.assertEqual(self.status()["step"], "introduce")
        self.planes.servers[1].obeys = True
        self.rotate("introduce")
        self.assertEqual(self.status()["next"], new)
        self.assertEqual(self.status()["step"], "promote")

    def test_a_step_out_of_turn_is_refused(self):
        self.assertIn("the next step is introduce, not promote: no rotation is under way", self.rotate("promote", code=1).stderr)
        self.assertIn("not retire", self.rotate("retire", code=1).stderr)

    @soak_only
    def test_tokens_in_secrets_hold_the_old_key(self):
        self.planes.secrets = [{"namespace": "ci", "name": "robot", "creationTimestamp": "2026-01-01T00:00:00Z"}]
        self.rotate("introduce")
        self.rotate("promote", "--cached", "0s")
        self.assertIn("ci/robot", self.rotate("retire", code=1).stderr)
        self.rotate("retire", "--legacy-is-fine")

    @soak_only
    def test_in_an_emergency_the_old_key_is_worth_nothing_at_once(self):
        token = self.planes.servers[0].mint({})
        self.assertIn("add --yes", self.rotate("--emergency", code=1).stderr)
        self.assertEqual(self.published(), {self.first})
        self.rotate("--emergency", "--yes")
        [new] = self.published()
        self.assertEqual(self.signing(), [new] * 2)
        self.assertFalse(any(server.accepts(token) for server in self.planes.servers))
        server = self.planes.servers[1]  # and no republisher takes it up again, whoever serves it
        server.obeys, server.text = False, server.former
        self.assertEqual(self.seen("issuer", "publish")["keys"], [new])

    def test_an_external_signer_rotates_by_itself(self):
        for server in self.planes.servers:
            server.obeys = False
            server.text = server.text.replace("--service-account-key-file=/etc/kubernetes/pki/sa.pub",
                                              "--service-account-key-file=/etc/kubernetes/pki/sa.pub\n    - --service-account-signing-endpoint=@signer")
        self.assertIn("external signer (@signer)", self.rotate(code=1).stderr)
        self.assertIn("external signer (@signer)", self.irsa("keys", "status").stdout)


def header(token):
    part = token.split(".")[0]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def server_kid(server):
    return json.loads(header(server.mint({})))["kid"]


if __name__ == "__main__":
    unittest.main()
