"""A cluster of one API server whose issuer lies in Ceph, for `irsa keys rotate`: the API server and the kubelet are played."""
import json
import time

from support import tokens
from support.control_planes import ControlPlanes, sign

DAY = 24 * 3600


class RotatingCluster:
    """Used as a context. Below the folder of `world`, a DayZero; `wish` is the text of irsa.yaml there, without the cluster."""

    def __init__(self, world, wish):
        self.world, self.folder = world, world.folder / "rotation"
        self.folder.mkdir()
        self.file = self.folder / "irsa.yaml"
        self.file.write_text(wish.replace("ca.crt", "../ca.crt").replace("policy.json", "../policy.json") + "cluster: {kubeconfig: kubeconfig}\n")
        self.planes = ControlPlanes(self.folder)

    def __enter__(self):
        self.planes.__enter__()
        [self.server] = self.planes.servers
        return self

    def __exit__(self, *failure):
        self.planes.__exit__(*failure)

    def run(self, *arguments):
        return self.world.run(*arguments, "-f", self.file)

    def irsa(self, *arguments):
        return self.world.must(*arguments, "-f", self.file)

    def seen(self, *arguments):
        return json.loads(self.irsa(*arguments, "--quiet", "-o", "json"))

    def on_node(self, *arguments):
        return self.irsa(*arguments, "--manifest", self.server.manifest, "--root", self.folder)

    def gate(self, name):
        [gate] = [gate for gate in self.seen("keys", "status")["gates"] if gate["name"] == name]
        return gate

    def token(self, account):
        """As the API server signs it now."""
        return self.server.mint({"spec": {"audiences": ["sts.amazonaws.com"]}}, account)

    def token_of_new_key(self, token):
        """The same signed by the key that was introduced, whether or not the API server does so already."""
        [key] = (self.folder / "keys").glob("sa-2*.key")
        return sign(tokens.claims_of(token), tokens.read_key(key))

    def let_a_day_pass(self):
        self.server.started = time.time() - DAY - 300
