"""Measures irsa-webhook on this machine: server on core 0, load on core 1, TLS 1.3; against nginx, and against AWS's webhook
when PEER names its program. Writes bench/data/webhook.json and bench/README.md.

    webhook.py PROGRAM LOAD JITTER [SECONDS]      (script/bench webhook builds them and calls it)
"""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from machine import (children, circumstances, cpu_seconds, machine_line, megabytes, on_core,  # pylint: disable=wrong-import-position
                     publish, wait_for)
from review import review  # pylint: disable=wrong-import-position
from support import certificates  # pylint: disable=wrong-import-position
from support.kubernetes_api import KubernetesApi  # pylint: disable=wrong-import-position
from support.ports import free_port  # pylint: disable=wrong-import-position

CONNECTIONS, ROUNDS = 25, 3
LARGE = (19, 8, 12)  # a pod of containers, with settings, with variables: as much as meshes and their like make of one
ROLE = "arn:aws:iam::123456789012:role/payments-api"
OURS, PEER, NGINX = "irsa-webhook", "AWS's webhook", "nginx"


class Server:
    """A webhook, ours or AWS's, that knows the accounts of `api`. Its port and its processes."""

    def __init__(self, name, program, folder, api):
        self.name, self.folder, self.port, self.metrics = name, folder, free_port(), free_port()
        certificate, key = certificates.make_server(folder, "server", "IP:127.0.0.1")
        self.log = open(folder / "webhook.log", "w")
        self.process = on_core(0, program, "--in-cluster=false", f"--kubeconfig={api.kubeconfig}", f"--port={self.port}",
                               f"--metrics-port={self.metrics}", f"--tls-cert={certificate}", f"--tls-key={key}",
                               *(["--drain-time=0s"] if name == OURS else []), stderr=self.log)
        self.processes = [self.process.pid]
        self.context = ssl.create_default_context(cafile=folder / "ca.crt")
        self.ready = wait_for(self._injects, name)

    def _injects(self):
        """Ready is whoever gives the last account of the list its role: AWS's says that it is ready when it is not."""
        if self.process.poll() is not None:
            raise SystemExit(f"bench: {self.name} ended: {(self.folder / 'webhook.log').read_text()[-500:]}")
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}/mutate", data=(self.folder / "review.json").read_bytes(),
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, context=self.context, timeout=1) as answer:
            return b'"patch"' in answer.read()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Nginx:
    """One worker that answers every request with `answer`: what a server costs that decides nothing."""
    name = NGINX

    def __init__(self, folder, answer):
        self.port = free_port()
        configuration = folder / "nginx.conf"
        configuration.write_text(f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{self.port} ssl; ssl_certificate {folder}/server.crt; ssl_certificate_key {folder}/server.key;
    ssl_protocols TLSv1.3; default_type application/json;
    location / {{ return 200 '{answer}'; }}
  }}
}}
""")
        self.process = on_core(0, shutil.which("nginx") or "/usr/sbin/nginx", "-c", configuration, "-p", folder)
        wait_for(lambda: children(self.process.pid), NGINX)
        self.processes = children(self.process.pid)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Bench:
    def __init__(self, program, load, jitter, seconds):
        self.program, self.load, self.jitter, self.seconds = program, load, jitter, float(seconds)
        self.peer = os.environ.get("PEER")
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.folder.chmod(0o755)
        for name, shape in (("review", (1, 4, 5)), ("large", LARGE)):
            (self.folder / f"{name}.json").write_text(json.dumps(review(*shape), separators=(",", ":")))

    @contextlib.contextmanager
    def accounts(self, count):
        """An API with so many accounts; one in five has a role."""
        with KubernetesApi(self.folder) as api:
            for number in range(count - 1):
                api.put(f"team-{number % 500}", f"account-{number}",
                        {"eks.amazonaws.com/role-arn": f"arn:aws:iam::123456789012:role/team/r{number}"} if number % 5 == 0 else {})
            api.put("payments", "payments-api", {"eks.amazonaws.com/role-arn": ROLE})
            yield api

    @contextlib.contextmanager
    def server(self, name, api):
        server = Server(name, self.program if name == OURS else self.peer, self.folder, api)
        try:
            yield server
        finally:
            server.stop()

    def fire(self, server, body="review", connections=CONNECTIONS, seconds=None, mode=None, expected='"patch":"'):
        command = [self.load, server.port, connections, seconds or self.seconds, "POST /mutate?timeout=10s",
                   self.folder / f"{body}.json", expected, *([mode] if mode else [])]
        before = cpu_seconds(server.processes)
        output = subprocess.run(["taskset", "-c", "1", *map(str, command)], check=True, capture_output=True, text=True).stdout
        result = json.loads(output)
        if result["errors"]:
            raise SystemExit(f"bench: {result['errors']} of {result['requests']} answers of {server.name} were wrong")
        result["cpuMicroseconds"] = (cpu_seconds(server.processes) - before) / result["requests"] * 1e6
        result["perSecond"] = result["requests"] / result["seconds"]
        result["residentMegabytes"] = megabytes(server.processes)
        return result

    def throughput(self):
        """Three rounds in turn; and the large review, new connections, and a steady 800 a second."""
        rounds = {}
        with self.accounts(1000) as api, self.server(OURS, api) as ours:
            size = self.fire(ours, seconds=1)["answerBytes"]
            nginx = Nginx(self.folder, '{"patch":"' + "x" * max(size - 220, 100))
            peer = Server(PEER, self.peer, self.folder, api) if self.peer else None
            everyone = [ours, nginx] + ([peer] if peer else [])
            for server in everyone:
                self.fire(server, seconds=1)
            for _ in range(ROUNDS):
                for server in everyone:
                    result = self.fire(server)
                    rounds.setdefault(server.name, []).append(result)
                    print(f"{server.name:14} {result['perSecond']:9,.0f}/s {result['cpuMicroseconds']:7.1f} µs CPU p99 {result['p99']:.0f} µs", flush=True)
            nginx.stop()
            webhooks = [ours] + ([peer] if peer else [])
            large = {s.name: [self.fire(s, "large") for _ in range(ROUNDS)] for s in webhooks}
            fresh = {s.name: [self.fresh(s) for _ in range(ROUNDS)] for s in webhooks}
            steady = {s.name: [self.fire(s, mode="800") for _ in range(ROUNDS)] for s in webhooks}
            if peer:
                peer.stop()
        jitter = json.loads(subprocess.run(["taskset", "-c", "0", self.jitter, str(self.seconds)], check=True,
                                           capture_output=True, text=True).stdout)
        return {"rounds": rounds, "large": large, "fresh": fresh, "steady": steady, "jitter": jitter}

    def fresh(self, server):
        """Four clients at once, since a client's handshake costs it about what it costs the server."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda _: self.fire(server, connections=1, mode="fresh"), range(4)))
        return {"perSecond": sum(r["perSecond"] for r in results)}

    def memory(self):
        rows = {}
        for count in (100, 2000, 50000):
            with self.accounts(count) as api:
                for name in [OURS] + ([PEER] if self.peer else []):
                    with self.server(name, api) as server:
                        self.fire(server, seconds=1)
                        rows.setdefault(name, {})[count] = {"ready": server.ready, "resident": megabytes(server.processes),
                                                            "peak": megabytes(server.processes, "VmHWM")}
        return rows

    def connections(self):
        with self.accounts(100) as api, self.server(OURS, api) as server:
            command = [self.load, server.port, 2000, 30, "POST /mutate?timeout=10s", self.folder / "review.json", '"patch":"', "hold"]
            with on_core(1, *command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as held:
                held.stderr.readline()
                size = megabytes(server.processes)
                held.kill()
            return size


def worst(rounds):
    return {"perSecond": min(r["perSecond"] for r in rounds), "cpu": max(r["cpuMicroseconds"] for r in rounds),
            "p50": max(r["p50"] for r in rounds), "p99": max(r["p99"] for r in rounds),
            "memory": max(r["residentMegabytes"] for r in rounds)}


def section(data):
    rows = {name: worst(rounds) for name, rounds in data["rounds"].items()}
    ours, nginx = rows[OURS], rows[NGINX]
    pairs = list(zip(data["rounds"][OURS], data["rounds"][NGINX]))
    table = "\n".join(f"| {name} | {w['perSecond']:,.0f} | {w['cpu']:.1f} | {w['p50']:,.0f} | {w['p99']:,.0f} | {w['memory']:.1f} |"
                      for name, w in rows.items())
    large = {name: worst(rounds)["cpu"] for name, rounds in data["large"].items()}
    fresh = {name: min(r["perSecond"] for r in rounds) for name, rounds in data["fresh"].items()}
    steady = {name: worst(rounds) for name, rounds in data["steady"].items()}
    memory = "\n".join(f"| {name} | " + " | ".join(f"{row['resident']:.1f} / {row['peak']:.1f}" for row in counts.values()) +
                       f" | {counts[50000]['ready'] if 50000 in counts else counts['50000']['ready']:.2f} |"
                       for name, counts in data["memory"].items())
    text = f"""## webhook

Server on core 0, load on core 1, TLS 1.3, {CONNECTIONS} kept-alive connections, a review of {data["reviewBytes"]:,} bytes, 1,000 service
accounts, one log line a review, {ROUNDS} rounds of {data["seconds"]:g} s taken in turn, the worst of each quoted. nginx (Debian, one worker, no access
log) answers a static body of the same size: what a server costs that decides nothing. CPU is the server's own, user and
kernel.

| server | reviews/s | CPU a review (µs) | p50 (µs) | p99 (µs) | resident (MB) |
|---|---|---|---|---|---|
{table}

irsa-webhook against nginx, round by round: {min(o["perSecond"] / n["perSecond"] for o, n in pairs):.0%} to \
{max(o["perSecond"] / n["perSecond"] for o, n in pairs):.0%} of its answers, {min(o["cpuMicroseconds"] / n["cpuMicroseconds"] for o, n in pairs):.2f} to \
{max(o["cpuMicroseconds"] / n["cpuMicroseconds"] for o, n in pairs):.2f} times its CPU; worst against worst {ours["perSecond"] / nginx["perSecond"]:.0%} and {ours["cpu"] / nginx["cpu"]:.2f}.

| what | """ + " | ".join(large) + """ |
|---|""" + "---|" * len(large) + f"""
| CPU a review of {data["largeBytes"]:,} bytes (µs) | """ + " | ".join(f"{v:,.0f}" for v in large.values()) + """ |
| new TLS connections, a review each, a second | """ + " | ".join(f"{v:,.0f}" for v in fresh.values()) + """ |
| p50 / p99 at 800 reviews/s, sent when due (µs) | """ + " | ".join(f"{w['p50']:,.0f} / {w['p99']:,.0f}" for w in steady.values()) + f""" |

The floor under the latencies, a program that only looks at the clock: {data["jitter"]["perSecond"]:.0f} gaps a second above 50 µs, the longest
{data["jitter"]["max"]:,.0f} µs, {data["jitter"]["lostPercent"]:.1f} % of the core lost.

Resident memory / its peak (MB) by service accounts known, one in five with a role, and seconds from start to the first
pod of the last account injected:

| server | 100 | 2,000 | 50,000 | ready with 50,000 (s) |
|---|---|---|---|---|
{memory}

2,000 open TLS connections that have asked once: {data["connections"]:.1f} MB.
"""
    if PEER in rows:
        peer, counts = rows[PEER], data["memory"]
        at = lambda name, n: counts[name].get(n, counts[name].get(str(n)))["resident"]  # keys are text once read from JSON
        text += f"""
AWS's webhook (v0.6.17, built with Go) against irsa-webhook: {peer["cpu"] / ours["cpu"]:.1f} times the CPU a review, {large[PEER] / large[OURS]:.1f} times with the large one; \
{at(PEER, 100) / at(OURS, 100):.1f}, {at(PEER, 2000) / at(OURS, 2000):.1f} and {at(PEER, 50000) / at(OURS, 50000):.1f} times the memory at 100, 2,000 and 50,000 accounts.
"""
    return text + f"\n{machine_line(data)}\n"


def main(program, load, jitter, seconds="5"):
    data = {"machine": circumstances(), "seconds": float(seconds)}
    bench = Bench(program, load, jitter, seconds)
    try:
        data["reviewBytes"] = (bench.folder / "review.json").stat().st_size
        data["largeBytes"] = (bench.folder / "large.json").stat().st_size
        data.update(bench.throughput())
        data["memory"] = bench.memory()
        data["connections"] = bench.connections()
        publish("webhook", data, section(data))
    finally:
        shutil.rmtree(bench.folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
