#!/usr/bin/env python3
"""What the web server costs with one open page, beside glances' web server.

Builds nothing: give it the programs, as they are released.

    cargo build --release -p bwusaged -p bwusage-web
    python3 -m venv glances && glances/bin/pip install 'glances[web]'
    bwusage-web/bench/viewer.py --programs target/release --glances glances/bin/glances

As root it counts what this machine moves; anyone else sees the demo recording played. Each server is looked at through one page
that is told everything every two seconds, after a while in which it settles: bwusage-web by its stream, glances by the request
that its own page makes. Processor time is that of `/proc/PID/stat`, with all threads; memory is `VmRSS`.
"""

import argparse
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
INTERVAL_S = 2
HERE = pathlib.Path(__file__).resolve().parent
DEMO = HERE / "../../bwusaged/tests/data/demo.jsonl"


def cpu_s(pid):
    """Processor time of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def rss_mib(pid):
    """Resident memory of a process."""
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def free_port():
    """A port that nobody listens on at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def read_for_ever(url, until, told):
    """Reads a stream of events and counts its bytes, until it ends."""
    with urllib.request.urlopen(url) as stream:
        while not until.is_set():
            told[0] += len(stream.readline())


def ask_for_ever(url, until, told):
    """Asks every two seconds, and counts the bytes of the answers."""
    while not until.is_set():
        with urllib.request.urlopen(url) as answer:
            told[0] += len(answer.read())
        until.wait(INTERVAL_S)


def measured(name, pids, view, url, settle_s, seconds):
    """Looks at `pids` while one page is open; a line of the table for each."""
    until, told = threading.Event(), [0]
    viewer = threading.Thread(target=view, args=(url, until, told), daemon=True)
    viewer.start()
    time.sleep(settle_s)
    before, bytes_before, started = {pid: cpu_s(pid) for pid in pids.values()}, told[0], time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - started
    rate = (told[0] - bytes_before) / took / 1024
    lines = []
    for what, pid in pids.items():
        share = (cpu_s(pid) - before[pid]) / took * 100
        lines.append(f"| {what} | {share:.2f} % | {rss_mib(pid):.1f} MiB | {rate:.1f} KiB/s |")
    until.set()
    return lines


def wait_for(url):
    """Waits until a server answers."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="the folder of bwusaged and bwusage-web")
    parser.add_argument("--glances", help="the program glances, to measure it too")
    parser.add_argument("--engine", help="the engine of bwusaged")
    parser.add_argument("--settle", type=float, default=10, metavar="S")
    parser.add_argument("--seconds", type=float, default=60, metavar="S")
    options = parser.parse_args()
    engine = options.engine or ("auto" if os.geteuid() == 0 else f"replay:{DEMO}")
    lines, children = [], []
    with tempfile.TemporaryDirectory() as folder:
        try:
            at, port = pathlib.Path(folder), free_port()
            # The daemon gives up root, and must still find its socket.
            at.chmod(0o755)
            daemon = subprocess.Popen(
                [options.programs / "bwusaged", "--engine", engine, "--socket", at / "socket", "--state-dir", at / "state"],
                stderr=subprocess.PIPE, text=True)
            children.append(daemon)
            said = ""
            while "ready" not in said:
                line = daemon.stderr.readline()
                if not line:
                    raise SystemExit(f"bwusaged ended before it was ready:\n{said}")
                said += line
            threading.Thread(target=daemon.stderr.read, daemon=True).start()
            web = subprocess.Popen(
                [options.programs / "bwusage-web", "--no-login", "--listen", f"127.0.0.1:{port}", "--socket", at / "socket",
                 "--state", at / "web"], stdout=subprocess.DEVNULL)
            children.append(web)
            origin = f"http://127.0.0.1:{port}"
            wait_for(f"{origin}/api/v1/top")
            lines += measured(
                "bwusage", {"bwusage-web": web.pid, "bwusaged": daemon.pid}, read_for_ever,
                f"{origin}/api/v1/stream?interval_ms={INTERVAL_S * 1000}", options.settle, options.seconds)
            if options.glances:
                port = free_port()
                glances = subprocess.Popen(
                    [options.glances, "-w", "--bind", "127.0.0.1", "--port", str(port), "--time", str(INTERVAL_S)],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                children.append(glances)
                url = f"http://127.0.0.1:{port}/api/4/all"
                wait_for(url)
                lines += measured("glances", {"glances -w": glances.pid}, ask_for_ever, url, options.settle, options.seconds)
        finally:
            for child in reversed(children):
                child.terminate()
                child.wait()
    print(f"One page open, told every {INTERVAL_S} s, over {options.seconds:.0f} s; engine {engine.split(':')[0]}.\n")
    print("| process | processor (one core is 100 %) | resident | to the page |\n|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
