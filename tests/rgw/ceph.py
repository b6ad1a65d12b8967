"""Ceph's Object Gateway on loopback for a test: one monitor, one object store in memory, one gateway over TLS, all of Debian's
packages, without authentication among themselves. Outwardly of the shape of support.simulator.Simulator."""
import contextlib
import os
import pathlib
import ssl
import subprocess
import time
import urllib.error
import urllib.request
import uuid

from support import certificates
from support.ports import free_port
from support.simulator import clean_environment, end_with_parent

ROOTS = "/etc/ssl/certs/ca-certificates.crt"
KEY_ID, SECRET = "AKIAADMIN000000000000", "adminsecret"
# The gateway asks by default for a secure connection to the monitor and for cephx; without the two lines of its own it waits for ever.
CONFIGURATION = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{monitor_port}/0]
public addr = 127.0.0.1
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
auth cluster required = none
auth service required = none
auth client required = none
ms bind msgr1 = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 2
mon data = {folder}/mon
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 1073741824
run dir = {folder}
log file = {folder}/$name.log
mon cluster log file = {folder}/cluster.log
admin socket = {folder}/$name.asok
[client.rgw.r]
auth client required = none
ms mon client mode = crc
rgw data = {folder}/rgw
rgw frontends = beast ssl_endpoint=127.0.0.1:{port} ssl_certificate={certificate} ssl_private_key={key}
rgw enable apis = s3, iam, sts, admin
rgw s3 auth use sts = true
rgw sts key = abcdefghijklmnop
rgw thread pool size = 16
debug rgw = 1
"""


class Ceph:
    """Up on entering; down on leaving, and when this process ends in whatever way. `folder` gets a certificate authority, unless it
    has one, whose certificates the gateway takes as well."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "ceph"
        self.authority = pathlib.Path(folder)
        self.port, self.running = free_port(), []
        self.endpoint = f"https://127.0.0.1:{self.port}"
        self.ready = {"endpoint": self.endpoint, "region": "us-west-2", "account": "", "accessKeyId": KEY_ID, "secretAccessKey": SECRET}

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):  # a monitor that goes first leaves the others waiting
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def environment(self, **more):
        """For AWS clients, as the user who may do everything."""
        return {**clean_environment(), "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": self.ready["region"],
                "AWS_DEFAULT_REGION": self.ready["region"], "AWS_ENDPOINT_URL": self.endpoint, **self.trust, **more}

    def log(self):
        """What the gateway wrote so far: the only place where it says why it refuses a token."""
        return (self.folder / "client.rgw.r.log").read_text(errors="replace")

    def _start(self):
        self.folder.mkdir()
        for name in ("mon", "osd", "rgw"):
            (self.folder / name).mkdir()
        if not (self.authority / "ca.crt").exists():
            certificates.make_authority(self.authority)
        certificate, key = certificates.make_server(self.authority, "rgw", "IP:127.0.0.1")
        self.trust = {"AWS_CA_BUNDLE": str(self.authority / "ca.crt")}
        self.configuration = self.folder / "ceph.conf"
        fsid, store, monitor_port = uuid.uuid4(), uuid.uuid4(), free_port()
        self.configuration.write_text(CONFIGURATION.format(
            fsid=fsid, monitor_port=monitor_port, folder=self.folder, port=self.port, certificate=certificate, key=key))
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{monitor_port}]", self.folder / "monmap")
        self._run("ceph-mon", "-c", self.configuration, "--mkfs", "-i", "a", "--monmap", self.folder / "monmap")
        self._spawn("ceph-mon", "-i", "a")
        self._run("ceph", "-c", self.configuration, "osd", "new", store)
        self._run("ceph-osd", "-c", self.configuration, "-i", "0", "--mkfs", "--osd-uuid", store)
        self._spawn("ceph-osd", "-i", "0")
        self._spawn_gateway()
        self._run("radosgw-admin", "-c", self.configuration, "user", "create", "--uid=admin", "--display-name=admin",
                  f"--access-key={KEY_ID}", f"--secret={SECRET}", "--caps=roles=*;oidc-provider=*")
        self._wait(120)

    def _run(self, *command):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: exit code {done.returncode}\n{done.stdout}{done.stderr}")

    def _spawn(self, program, *arguments, prefix=()):
        command = [*prefix, program, "-c", str(self.configuration), "-f", *arguments]
        with open(self.folder / f"{program}.out", "w") as out:
            self.running.append(subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                                 preexec_fn=end_with_parent))

    def _spawn_gateway(self):
        """It reads an issuer over HTTPS with the machine's roots: with these and ours, in a mount namespace of its own."""
        bundle = self.folder / "roots.pem"
        bundle.write_text(pathlib.Path(ROOTS).read_text() + (self.authority / "ca.crt").read_text())
        own = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--mount")
        script = f'mount --make-rprivate / && mount --bind {bundle} {ROOTS} && exec "$@"'
        self._spawn("radosgw", "-n", "client.rgw.r", prefix=(*own, "sh", "-c", script, "sh"))

    def _wait(self, seconds):
        context = ssl.create_default_context(cafile=self.authority / "ca.crt")
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(self.endpoint, timeout=5, context=context).close()
                return
            if time.monotonic() > end or any(process.poll() is not None for process in self.running):
                said = "".join(file.read_text()[-1500:] for file in self.folder.glob("*.out"))
                raise RuntimeError(f"Ceph's gateway does not answer: {said}")
            time.sleep(0.1)
