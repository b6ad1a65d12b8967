"""What the benches share: processes on a core, their time and memory, and the page that all of them write together."""
import contextlib
import datetime
import json
import os
import pathlib
import resource
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
ORDER = ["webhook", "sim", "apply", "apiserver"]  # of the sections of the page


def on_core(core, *command, **options):
    return subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], **options)


def cpu_seconds(processes):
    """Time on a processor, of all threads."""
    total = 0
    for process in processes:
        for task in pathlib.Path(f"/proc/{process}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def megabytes(processes, field="VmRSS"):
    kilobytes = 0
    for process in processes:
        for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024


def children(process):
    return [int(p) for p in pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def wait_for(check, what, seconds=60):
    """How long it took until `check` was true."""
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        with contextlib.suppress(OSError):
            if check():
                return time.monotonic() - begin
        time.sleep(0.002)
    raise SystemExit(f"bench: {what} did not come up in {seconds} s")


def timed(command, **options):
    """Seconds, and seconds of the processor, that a command took."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, **options)
    took, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": took, "cpu": cpu, "output": done.stdout}


def circumstances():
    """Machine, commit and day of a measurement, as they go into its data."""
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    return {"processor": model, "cores": os.cpu_count(), "kernel": os.uname().release, "load": os.getloadavg()[0],
            "commit": head.stdout.strip() or "unknown", "date": datetime.date.today().isoformat()}


def machine_line(data):
    m = data["machine"]
    return (f"{m['processor']}, {m['cores']} cores, Linux {m['kernel']}, load average {m['load']:.1f} before; "
            f"commit {m['commit']}, {m['date']}.")


def publish(name, data, text):
    """Keeps the raw data with the section's text, and writes the page anew from all that is kept."""
    folder = HERE / "data"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps({"text": text, **data}, indent=1) + "\n")
    page = ["# Measurements\n\nEach section is written by `script/bench NAME` and has its raw data in `data/NAME.json`. "
            "Figures of one section stem from one run on one\nmachine; what matters are the ratios within it.\n"]
    for section in ORDER:
        path = folder / f"{section}.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        if "text" in kept:  # data of an older bench has none
            page.append(kept["text"])
    (HERE / "README.md").write_text("\n".join(page))
    print(text)
