"""Processes that a run starts, and must never leave behind."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time

from .failure import Failure

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Family:
    """All processes of a run; leaving the `with` block ends what is left of them, by pid."""

    def __init__(self):
        self._members = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with undisturbed():
            for process in reversed(self._members):
                _end_surely(process)

    def start(self, command, **popen_options):
        """Starts a program in a session of its own, so that Ctrl-C reaches us and we end it in order."""
        process = subprocess.Popen([str(word) for word in command], start_new_session=True, **popen_options)
        self._members.append(process)
        return process

    def output_of(self, command, timeout_seconds):
        """Runs a program to its end: exit status, standard output and standard error."""
        process = self.start(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            out, error = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{' '.join(map(str, command))} did not end within {timeout_seconds:.0f} s") from None
        self._members.remove(process)
        return process.returncode, out, error


@contextlib.contextmanager
def undisturbed():
    """Ctrl-C while we clean up must not leave the rest as it is."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end(process, name, timeout_seconds=60):
    """Asks a process to end; its exit status."""
    process.terminate()
    try:
        return process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        raise Failure(f"{name} (pid {process.pid}) did not end within {timeout_seconds} s of SIGTERM") from None


def await_true(condition, what, processes, log, timeout_seconds):
    """Waits until the condition holds, as long as all the processes live."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        for process in processes:
            if process.poll() is not None:
                raise Failure(f"{what}: it ended with {process.returncode}. {tail(log)}")
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not within {timeout_seconds:.0f} s. {tail(log)}")
        time.sleep(0.02)


def tail(log, line_count=12):
    """The last lines of a log, for a message."""
    path = pathlib.Path(log)
    lines = path.read_text(errors="replace").splitlines()[-line_count:] if path.exists() else []
    return "\n  ".join([f"The end of {path}:", *lines]) if lines else f"{path} is empty."


def free_ports(count):
    """Ports of the loopback interface that nobody listens on; all different."""
    sockets = []
    try:
        for _ in range(count):
            probe = socket.socket()
            sockets.append(probe)
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in sockets]
    finally:
        for probe in sockets:
            probe.close()


def cpu_seconds(pids):
    """Processor time that the processes have used so far, all their threads, in user and kernel mode."""
    return sum(ticks(pathlib.Path(f"/proc/{pid}/stat").read_text()) for pid in pids) / _TICKS_PER_SECOND


def busy_seconds():
    """Processor time that the whole machine has used so far, what other guests of its host took from it included."""
    _, user, nice, system, _, _, irq, softirq, steal, *_ = pathlib.Path("/proc/stat").read_text().split()
    return sum(map(int, (user, nice, system, irq, softirq, steal))) / _TICKS_PER_SECOND


def ticks(stat):
    """Clock ticks that a process has used, from the text of its /proc/PID/stat."""
    # The second field is the program's name in parentheses, and may itself hold spaces and parentheses.
    fields = stat[stat.rindex(")") + 2 :].split()
    utime, stime = fields[11], fields[12]  # fields 14 and 15 of proc(5), whose third is our first
    return int(utime) + int(stime)


def _end_surely(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()
