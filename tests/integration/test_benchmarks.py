"""The benchmark's Hub, and how it runs programs: for real, with the smallest of everything."""

from __future__ import annotations

import json
import os
import signal as signals
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.desk import Desk, workshop
from benchmarks.hub_process import HubProcess
from benchmarks.modules import contents, module_id
from benchmarks.record import Row
from benchmarks.running import Contender, Failed, Job, alternate

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the benchmark is for POSIX systems")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    with HubProcess(ROOT, tmp_path / "repositories") as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk", "http://127.0.0.1:9")


def get(address: str) -> bytes:
    with urllib.request.urlopen(address) as answer:  # noqa: S310 - our own
        content: bytes = answer.read()
    return content


def job(tmp_path: Path, code: str, wrong: str = "") -> Job:
    command = [sys.executable, "-I", "-S", "-c", code]
    return Job(command=command, cwd=tmp_path, environ=dict(os.environ), check=lambda: wrong)


def race(hub: HubProcess, desk: Desk, *contenders: Contender) -> Row:
    return alternate("key", "title", contenders, rounds=2, hub=hub, desk=desk, say=lambda *_: None)


def test_hub_serves_what_the_modules_hold_and_counts(hub: HubProcess) -> None:
    """Info with sizes, files by commit, the branch of a further version. What was asked is counted, then forgotten."""
    id = module_id(1, 0)
    info = json.loads(get(f"{hub.endpoint}/api/models/{id}/revision/main?blobs=true"))
    files = contents(1, 0)
    assert {one["rfilename"]: one["size"] for one in info["siblings"]} == {path: len(files[path]) for path in files}
    assert get(f"{hub.endpoint}/{id}/resolve/{info['sha']}/README.md") == files["README.md"]
    moved = json.loads(get(f"{hub.endpoint}/api/models/{id}/revision/next3"))
    assert get(f"{hub.endpoint}/{id}/resolve/{moved['sha']}/README.md") == contents(1, 0, 3)["README.md"]
    assert hub.counted() == {"requests": 4, "api": 2, "files": 2, "connections": 4}
    assert hub.counted() == {}


def test_hub_serves_git(hub: HubProcess, tmp_path: Path) -> None:
    """A clone has the files; the second asks the same, and is answered from memory."""
    environ = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    for name in ("one", "two"):
        command = ["git", "clone", "--quiet", "--depth", "1", f"{hub.endpoint}/w1a/Mod0.git", name]
        subprocess.run(command, cwd=tmp_path, env=environ, check=True)
        assert (tmp_path / name / "README.md").read_bytes() == contents(1, 0)["README.md"]
    counted = hub.counted()
    assert counted["git"] == counted["requests"] > 2


def test_programs_run_in_strict_alternation(hub: HubProcess, desk: Desk, tmp_path: Path) -> None:
    """A warm-up that is not counted, then round by round; a slow one in fewer rounds, and without a warm-up."""
    log = tmp_path / "log"

    def contender(name: str, **how: int) -> Contender:
        code = f"open({str(log)!r}, 'a').write({name!r})"
        return Contender(name=name, ready=lambda: job(tmp_path, code), rounds=how.get("rounds"), warm_up=not how)

    done = race(hub, desk, contender("A"), contender("B"), contender("C", rounds=1))
    assert log.read_text() == "AB" + "ABC" + "AB"
    assert [len(entry.samples) for entry in done.entries] == [2, 2, 1]
    assert all(sample.seconds > 0 and sample.peak > 1 for entry in done.entries for sample in entry.samples)


@pytest.mark.parametrize(
    ("code", "wrong"), [("print('words'); raise SystemExit(3)", ""), ("print('words')", "no tree")]
)
def test_program_that_did_not_do_its_work_is_no_result(
    hub: HubProcess, desk: Desk, tmp_path: Path, code: str, wrong: str
) -> None:
    """It says which, why, and what the program said."""
    with pytest.raises(Failed, match=rf"A: {wrong or 'exit code 3'}\nwords"):
        race(hub, desk, Contender(name="A", ready=lambda: job(tmp_path, code, wrong)))


def test_requests_are_those_of_the_program(hub: HubProcess, desk: Desk, tmp_path: Path) -> None:
    """What was asked before it is not counted."""
    get(f"{hub.endpoint}/api/models/w1a/Mod0")
    code = f"import urllib.request; urllib.request.urlopen('{hub.endpoint}/api/models/w1a/Mod0').read()"
    done = race(hub, desk, Contender(name="A", ready=lambda: job(tmp_path, code)))
    assert done.ours.counts() == done.ours.counts("api") == done.ours.counts("connections") == {1}


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no file system in memory")  # noqa: S108
@pytest.mark.parametrize("keep", [False, True])
def test_what_a_run_leaves_in_memory_is_removed(hub: HubProcess, keep: bool) -> None:
    """At once, for memory that was never used is slow; not what was there before, and nothing if it is to be kept."""
    with workshop(None, keep=False) as place:
        if Path("/dev/shm") not in place.parents:  # noqa: S108
            pytest.skip("there is not enough memory")
        desk = Desk(place, hub.endpoint, keep=keep)
        before, made = desk.folder("before"), []

        def ready() -> Job:
            made.append(desk.folder("run"))
            return job(made[-1], "open('file', 'w').close()")

        race(hub, desk, Contender(name="A", ready=ready))
        assert before.is_dir()
        assert [folder.exists() for folder in made] == [keep] * 3


def test_nothing_is_removed_on_a_disk_meanwhile(hub: HubProcess, desk: Desk, tmp_path: Path) -> None:
    """Removing makes what comes next slower there."""
    if Path("/dev/shm") in tmp_path.parents:  # noqa: S108
        pytest.skip("temporary files are in memory")
    race(hub, desk, Contender(name="A", ready=lambda: job(desk.folder("run"), "")))
    assert len(list((tmp_path / "desk").iterdir())) == 3


def bench(*arguments: str, place: Path) -> subprocess.Popen[str]:
    """The benchmark, in a session of its own as from a terminal of its own."""
    command = [sys.executable, "-m", "benchmarks", "--rows", "guard", "--place", str(place), *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


@pytest.mark.parametrize(("signal", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_benchmark_that_is_ended_leaves_nothing(tmp_path: Path, signal: str, code: int) -> None:
    """By Ctrl-C, by kill, by a closed terminal: what was made is removed, and nobody prints a traceback."""
    with bench(place=tmp_path) as running:
        assert running.stderr is not None
        running.stderr.readline()  # the first thing that is done; the Hub is there by then
        os.killpg(running.pid, getattr(signals, signal))
        _, said = running.communicate()
    assert running.returncode == code, said
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in said
    assert ("interrupted; what was made is removed" in said) == (signal == "SIGINT")


@pytest.mark.parametrize("option", ["--output=none/page.md", "--output=.", "--place=none"])
def test_benchmark_says_at_its_start_where_it_cannot_write(tmp_path: Path, option: str) -> None:
    """A folder that is not there, or a folder instead of a file."""
    with bench(option, place=tmp_path) as running:
        _, said = running.communicate()
    assert running.returncode == 2
    assert option.partition("=")[0] in said.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_floor_keeps_as_many_connections_as_it_uses(hub: HubProcess, tmp_path: Path) -> None:
    """64, however many requests there are: else it would not be the floor."""
    hub.set((0.01, 0.0))
    plan = [[f"{hub.endpoint}/api/models/w100a/Mod0?{number}", []] for number in range(300)]
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    script = ROOT / "benchmarks/peers/floor.py"
    environ = {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path)}
    subprocess.run([sys.executable, str(script), "plan.json", "."], cwd=tmp_path, env=environ, check=True)
    counted = hub.counted()
    assert counted["requests"] == 300
    assert counted["connections"] == 64
