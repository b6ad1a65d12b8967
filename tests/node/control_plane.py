"""A real kube-apiserver with its etcd on loopback, without a node: admission, RBAC and field ownership are Kubernetes' own, and
there is neither controller nor kubelet. Up in about five seconds."""
import json
import pathlib
import secrets
import subprocess
import tempfile

from kubectl import Kubectl, programs
from support import certificates
from support.simulator import end_with_parent
from support.until import until
from support.ports import free_port


class ControlPlane(Kubectl):
    """Used as a context. `kubeconfig` is a cluster administrator's."""

    def __enter__(self):
        self.bin = programs()
        self.temporary = tempfile.TemporaryDirectory(prefix="irsa-control-plane-")
        self.folder = pathlib.Path(self.temporary.name)
        self.processes = []
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(30)
        self.temporary.cleanup()

    def _spawn(self, name, **flags):
        with open(self.folder / f"{name}.log", "w") as log:
            words = [f"--{flag.replace('_', '-')}={value}" for flag, value in flags.items()]
            self.processes.append(subprocess.Popen([self.bin / name, *words], stdout=log, stderr=log, preexec_fn=end_with_parent))

    def _start(self):
        clients, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self._spawn("etcd", data_dir=self.folder / "etcd", listen_client_urls=clients, advertise_client_urls=clients,
                    listen_peer_urls=peers, unsafe_no_fsync="true", log_level="error")
        self.ca = certificates.make_authority(self.folder)
        certificate, key = certificates.make_server(self.folder, "api", "IP:127.0.0.1")
        signer, tokens, admin = self.folder / "sa.key", self.folder / "tokens.csv", secrets.token_hex(16)
        subprocess.run(["openssl", "genrsa", "-out", signer, "2048"], check=True, capture_output=True)
        self.audit_log, audit = self.folder / "audit.log", self.folder / "audit.json"
        audit.write_text(json.dumps({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
                                     "rules": [{"level": "Metadata", "userGroups": ["system:serviceaccounts"]}, {"level": "None"}]}))
        tokens.touch(0o600)
        tokens.write_text(f"{admin},admin,admin,system:masters\n")
        self.url = f"https://127.0.0.1:{free_port()}"
        self._spawn("kube-apiserver", etcd_servers=clients, bind_address="127.0.0.1", secure_port=self.url.rpartition(":")[2],
                    advertise_address="192.0.2.10", endpoint_reconciler_type="none", cert_dir=self.folder / "certs",
                    tls_cert_file=certificate, tls_private_key_file=key, service_cluster_ip_range="203.0.113.0/24",
                    authorization_mode="RBAC", token_auth_file=tokens, service_account_issuer="https://kubernetes.default.svc",
                    service_account_key_file=signer, service_account_signing_key_file=signer,
                    audit_policy_file=audit, audit_log_path=self.audit_log)
        self.kubeconfig = self.write_kubeconfig("admin", admin)
        until("the API server ready", 60, lambda: self.try_kubectl("get", "--raw", "/readyz").returncode == 0)
        until("its own namespaces", 30, lambda: self.try_kubectl("get", "namespace", "kube-system", "default").returncode == 0)

    def asked_by(self, user):
        """The audit events of a service account, in the order in which they ended."""
        return [event for event in map(json.loads, self.audit_log.read_text().splitlines()) if event["user"]["username"] == user]

    def write_kubeconfig(self, name, token):
        path = self.folder / f"{name}.kubeconfig"
        path.touch(0o600)
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": self.url, "certificate-authority": str(self.ca)}}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]}))
        return path
