"""Children end with their parent, and nothing is left behind."""

import os
import resource
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from config import processes, state
from config.processes import Program
from config.supervisor import Service, StartFailed, Supervisor, _look_after, claim_port

CHECKOUT = Path(__file__).parents[2]
STUBBORN = (
    "import signal,time; signal.signal({}, signal.SIG_IGN); print('up', flush=True); time.sleep(99)"
)
# A grandchild in a session of its own, out of reach of any process group.
WITH_GRANDCHILD = (
    "import subprocess,sys,time;"
    "subprocess.Popen([sys.executable,'-c','import time; time.sleep(99)'],start_new_session=True);"
    "print('up', flush=True); time.sleep(99)"
)


@pytest.fixture
def program(tmp_path, request):
    def make(code, *, stop_signal=signal.SIGTERM, stop_seconds=30.0):
        return Program(
            name="child",
            argv=(sys.executable, "-c", code),
            log=tmp_path / "child.log",
            mark=f"{tmp_path.name}-{os.getpid()}:child",
            stop_signal=stop_signal,
            stop_seconds=stop_seconds,
        )

    yield make
    processes.sweep(f"{tmp_path.name}-{os.getpid()}:", grace=0)


def start(program: Program) -> subprocess.Popen[bytes]:
    process = processes.spawn(program)
    assert processes.wait_until(lambda: "up" in program.log.read_text(), seconds=60)
    return process


def test_a_child_that_does_not_listen_is_killed(program):
    deaf = program(STUBBORN.format("signal.SIGTERM"), stop_seconds=0.2)
    process = start(deaf)
    assert processes.stop(deaf, process) is False
    assert process.returncode == -signal.SIGKILL


def test_stopping_a_child_takes_its_grandchildren_along(program):
    parent = program(WITH_GRANDCHILD)
    process = start(parent)
    assert len(processes.marked(parent.mark)) == 2
    assert processes.stop(parent, process) is True
    assert processes.marked(parent.mark) == []


def test_sweeping_ends_those_that_ignore_the_polite_signal(program):
    deaf = program(STUBBORN.format("signal.SIGINT"))
    process = start(deaf)
    assert processes.sweep(deaf.mark, grace=0.2) == [process.pid]
    process.wait()
    assert processes.marked(deaf.mark) == []


def test_a_child_listens_to_interrupts_although_its_parent_does_not(program):
    """A shell's `&` starts its children with SIGINT ignored, and they would inherit that."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        listening = program("import time; print('up', flush=True); time.sleep(99)")
        process = start(listening)
    finally:
        signal.signal(signal.SIGINT, before)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) != 0


@pytest.mark.skipif(sys.platform != "linux", reason="the watchdog does this elsewhere")
def test_a_child_dies_with_a_killed_parent(tmp_path):
    mark = f"orphan-{os.getpid()}:"
    code = (
        "import sys,time; from pathlib import Path; from config.processes import *;"
        f"p=Program(name='x',argv=(sys.executable,'-c','import time; time.sleep(99)'),"
        f"log=Path({str(tmp_path / 'x.log')!r}),mark={mark!r});"
        "print(spawn(p).pid, flush=True); time.sleep(99)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=CHECKOUT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert psutil.pid_exists(child)
    parent.kill()
    parent.wait()
    assert processes.wait_until(lambda: not processes.marked(mark), seconds=60)


def test_the_watchdog_ends_what_a_killed_supervisor_left(program):
    left = program(WITH_GRANDCHILD)
    process = start(left)
    watchdog = subprocess.Popen(
        [sys.executable, "-m", "config.watchdog", left.mark], cwd=CHECKOUT, stdin=subprocess.PIPE
    )
    assert watchdog.stdin is not None
    watchdog.stdin.close()
    process.wait(60)
    watchdog.wait(60)
    assert processes.marked(left.mark) == []


def test_the_watchdog_leaves_others_alone_after_an_orderly_stop(program):
    others = program("import time; print('up', flush=True); time.sleep(99)")
    process = start(others)
    watchdog = subprocess.Popen(
        [sys.executable, "-m", "config.watchdog", others.mark], cwd=CHECKOUT, stdin=subprocess.PIPE
    )
    watchdog.communicate(b"done\n", timeout=60)
    assert process.poll() is None


def test_a_log_keeps_one_older_log_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "LOG_BYTES", 10)
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as child:
        child.write(b"the older lines\n")
        processes.trim_log(log)
        child.write(b"new\n")
    assert log.read_text() == "new\n"
    assert (tmp_path / "web.log.1").read_text() == "the older lines\n"


def test_a_log_that_cannot_be_kept_for_want_of_room_costs_the_older_one(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "LOG_BYTES", 10)
    log, older = tmp_path / "web.log", tmp_path / "web.log.1"
    log.write_text("a hundred thousand signs" * 5_000)
    older.write_text("of last week")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        processes.trim_log(log)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not older.exists()
    assert log.stat().st_size == 120_000


def test_a_child_that_cannot_be_started_just_now_is_tried_again(tmp_path, program, capsys):
    """Memory is short when the kernel has just killed something: the others must not end too."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    lives = program("print('up', flush=True); import time; time.sleep(99)")
    missing = tmp_path / "python"
    service = Service(replace(lives, argv=(str(missing), *lives.argv[1:])), ended)
    with state.lock(tmp_path) as lock:
        supervisor = Supervisor(tmp_path, "", lock, [service])
        for _ in range(2):
            # It ended, and is to be started again at once.
            _look_after(supervisor)
            service.due = 0
        _look_after(supervisor)
        assert "could not be started (No such file or directory)" in capsys.readouterr().out
        assert service.process is ended
        missing.symlink_to(sys.executable)
        service.due = 0
        _look_after(supervisor)
    assert service.due is None
    assert processes.wait_until(lambda: "up" in lives.log.read_text(), seconds=60)
    assert processes.stop(lives, service.process)


def test_two_supervisors_that_start_together_take_different_ports(tmp_path, monkeypatch):
    """Before either listens: the web server would share a port with another of the same user."""
    monkeypatch.delenv("WINNOW_PORT", raising=False)
    with ExitStack() as stack:
        both = [
            Supervisor(folder, "", stack.enter_context(state.lock(folder)))
            for folder in (tmp_path / "one", tmp_path / "two")
        ]
        one, two = (claim_port(supervisor) for supervisor in both)
        assert one != two
        monkeypatch.setenv("WINNOW_PORT", str(one))
        with pytest.raises(StartFailed, match=rf"port {one} .* in use"):
            claim_port(Supervisor(tmp_path, "", both[0].lock))
        for supervisor in both:
            assert supervisor.port_claim is not None
            supervisor.port_claim.close()
        assert claim_port(Supervisor(tmp_path, "", both[0].lock)) == one
