"""Measures irsa-webhook against nginx on this machine: server on core 0, load on core 1, TLS 1.3, 25 kept-alive connections,
the 5.3 KB review, three rounds, the worst of each quoted. Writes bench/data/webhook.json and bench/README.md.

    webhook.py PROGRAM LOAD [SECONDS]      (script/bench webhook builds both and calls it)
"""
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from review import review  # pylint: disable=wrong-import-position
from support import certificates  # pylint: disable=wrong-import-position
from support.kubernetes_api import KubernetesApi  # pylint: disable=wrong-import-position
from support.ports import free_port  # pylint: disable=wrong-import-position

CONNECTIONS, ROUNDS, ACCOUNTS = 25, 3, 1000
ROLE = "arn:aws:iam::123456789012:role/payments-api"


def on_core(core, *command, **options):
    return subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], **options)


def cpu_seconds(processes):
    """Time on a processor, of all threads."""
    total = 0
    for process in processes:
        for task in pathlib.Path(f"/proc/{process}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def memory(processes, field="VmRSS"):
    """Resident MB."""
    kilobytes = 0
    for process in processes:
        for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024


def children(process):
    return [int(p) for p in pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def wait_for(check, what, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if check():
                return
        time.sleep(0.05)
    raise SystemExit(f"bench: {what} did not come up in {seconds} s")


@contextlib.contextmanager
def webhook(program, folder, api):
    """Yields (port, processes that count)."""
    certificate, key = certificates.make_server(folder, "server", "IP:127.0.0.1")
    port, metrics = free_port(), free_port()
    with open(folder / "webhook.log", "w") as log:
        server = on_core(0, program, "--in-cluster=false", f"--kubeconfig={api.kubeconfig}", f"--port={port}", "--drain-time=0s",
                         f"--metrics-port={metrics}", f"--tls-cert={certificate}", f"--tls-key={key}", stderr=log)
        try:
            wait_for(lambda: urllib.request.urlopen(f"http://127.0.0.1:{metrics}/readyz", timeout=1).status == 200, "irsa-webhook")
            yield port, [server.pid]
        finally:
            server.terminate()
            server.wait()


@contextlib.contextmanager
def nginx(folder, answer):
    """One worker that answers every request with `answer`."""
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/server.crt; ssl_certificate_key {folder}/server.key;
    ssl_protocols TLSv1.3; default_type application/json;
    location / {{ return 200 '{answer}'; }}
  }}
}}
""")
    server = on_core(0, shutil.which("nginx") or "/usr/sbin/nginx", "-c", configuration, "-p", folder)
    try:
        wait_for(lambda: children(server.pid), "nginx")
        yield port, children(server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def measure(load, port, processes, body, expected, seconds):
    command = [load, port, CONNECTIONS]
    subprocess.run(["taskset", "-c", "1", *map(str, command), "1", "POST /mutate?timeout=10s", body, expected],
                   check=True, capture_output=True)  # warm-up
    before = cpu_seconds(processes)
    output = subprocess.run(["taskset", "-c", "1", *map(str, command), str(seconds), "POST /mutate?timeout=10s", body, expected],
                            check=True, capture_output=True, text=True).stdout
    result = json.loads(output)
    if result["errors"]:
        raise SystemExit(f"bench: {result['errors']} of {result['requests']} answers were wrong")
    result["cpuMicroseconds"] = (cpu_seconds(processes) - before) / result["requests"] * 1e6
    result["perSecond"] = result["requests"] / result["seconds"]
    result["residentMegabytes"] = memory(processes)
    return result


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    return {"processor": model, "cores": os.cpu_count(), "kernel": os.uname().release}


def commit():
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    return head.stdout.strip() or "unknown"


def table(data):
    worst = {name: {"perSecond": min(r["perSecond"] for r in rounds), "cpu": max(r["cpuMicroseconds"] for r in rounds),
                    "p50": max(r["p50"] for r in rounds), "p99": max(r["p99"] for r in rounds),
                    "memory": max(r["residentMegabytes"] for r in rounds)} for name, rounds in data["rounds"].items()}
    rows = "\n".join(f"| {name} | {w['perSecond']:,.0f} | {w['cpu']:.1f} | {w['p50']:,.0f} | {w['p99']:,.0f} | {w['memory']:.1f} |"
                     for name, w in worst.items())
    ours, peer = worst["irsa-webhook"], worst["nginx"]
    return f"""# Measurements

`script/bench webhook` writes this page and `data/webhook.json` (every round). Server on core 0, load on core 1, TLS 1.3,
{CONNECTIONS} kept-alive connections, a review of {data["reviewBytes"]:,} bytes, {ACCOUNTS:,} service accounts, one log line a review, three rounds of
{data["seconds"]:g} s taken in turn, the worst of each quoted. nginx (Debian, one worker) answers a static body of the same size: what a server
costs that decides nothing. CPU is the server's own, user and kernel; on a machine that others use it is the figure to trust,
while answers a second and latencies suffer from whatever else runs.

| server | reviews/s | CPU a review (µs) | p50 (µs) | p99 (µs) | resident (MB) |
|---|---|---|---|---|---|
{rows}

irsa-webhook against nginx: {ours["perSecond"] / peer["perSecond"]:.0%} of its answers, {ours["cpu"] / peer["cpu"]:.2f} times its CPU.
{data["machine"]["processor"]}, {data["machine"]["cores"]} cores, Linux {data["machine"]["kernel"]}, load average {data["loadAverage"]:.1f} before; commit {data["commit"]}, {data["date"]}.
"""


def main(program, load, seconds="5"):
    data = {"machine": machine(), "commit": commit(), "date": datetime.date.today().isoformat(), "seconds": float(seconds),
            "loadAverage": os.getloadavg()[0], "rounds": {"irsa-webhook": [], "nginx": []}}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        body = folder / "review.json"
        body.write_text(json.dumps(review(1, 4, 5), separators=(",", ":")))
        data["reviewBytes"] = body.stat().st_size
        with KubernetesApi(folder) as api:
            for number in range(ACCOUNTS):
                api.put(f"ns{number}", "app", {"eks.amazonaws.com/role-arn": f"arn:aws:iam::123456789012:role/r{number}"})
            api.put("payments", "payments-api", {"eks.amazonaws.com/role-arn": ROLE})
            with webhook(program, folder, api) as (port, processes):
                size = measure(load, port, processes, body, '"patch":"', 1)["answerBytes"]
                with nginx(folder, '{"patch":"' + "x" * max(size - 220, 100)) as (peer_port, peers):
                    for number in range(ROUNDS):
                        for name, where, who, expected in (("irsa-webhook", port, processes, '"patch":"'),
                                                           ("nginx", peer_port, peers, '"patch":"')):
                            result = measure(load, where, who, body, expected, seconds)
                            data["rounds"][name].append(result)
                            print(f"round {number + 1} {name:13} {result['perSecond']:9,.0f}/s {result['cpuMicroseconds']:6.1f} µs CPU "
                                  f"p50 {result['p50']:.0f} µs p99 {result['p99']:.0f} µs {result['residentMegabytes']:.1f} MB", flush=True)
    (HERE / "data").mkdir(exist_ok=True)
    (HERE / "data/webhook.json").write_text(json.dumps(data, indent=1) + "\n")
    (HERE / "README.md").write_text(table(data))
    print(table(data).split("\n\n", 2)[2])


if __name__ == "__main__":
    main(*sys.argv[1:])
