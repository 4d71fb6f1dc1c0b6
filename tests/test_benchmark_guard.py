"""The guard of the kernels' speed: what it compares, and what it makes of it.

Measuring itself is `make guard`, a step of its own: no test here depends on a clock.
"""

import shutil
import subprocess

import pytest

from benchmarks import guard, guard_work


def _git(root, *words):
    own = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", "-C", root, *own, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """A repository with a baseline, and one commit after it."""
    root = tmp_path / "project"
    for folder in guard._PARTS:
        (root / folder).mkdir(parents=True)
        (root / folder / "__init__.py").write_text("", "ascii")
    (root / guard.BASELINE).write_text('{"loss": 0.2}', "ascii")
    kernels = root / "audit" / "kernels"
    kernels.mkdir()
    (kernels / "hashing.py").write_text("from audit.kernels.jit import x\n", "ascii")
    (kernels / "jit.py").write_text("x = 1\n", "ascii")
    (kernels / "url.py").write_text("y = 1\n", "ascii")
    _git(root, "init", "-q")
    _git(root, "add", ".")
    _git(root, "commit", "-q", "-m", "baseline")
    (kernels / "jit.py").write_text("x = 2\n", "ascii")
    _git(root, "commit", "-q", "-a", "-m", "a change")
    return root


def test_baseline_is_the_commit_that_last_changed_the_file(repository, tmp_path):
    commit = guard.baseline_commit(repository)
    guard.unpack(commit, tmp_path / "before", repository)
    jit = tmp_path / "before" / "audit" / "kernels" / "jit.py"
    assert jit.read_text("ascii") == "x = 1\n"


def test_work_is_measured_where_anything_it_imports_has_changed(repository, tmp_path):
    guard.unpack(guard.baseline_commit(repository), tmp_path / "before", repository)
    assert guard.changed(repository, tmp_path / "before") == ["content hash"]


def test_without_a_change_there_is_nothing_to_compare(repository):
    (repository / "audit" / "kernels" / "jit.py").write_text("x = 1\n", "ascii")
    with pytest.raises(guard.NothingToCompare, match="no kernel has changed since"):
        guard.compared(repository)


def test_a_shallow_clone_is_told_apart(repository, tmp_path):
    address = repository.as_uri()
    _git(tmp_path, "clone", "-q", "--depth", "1", address, str(tmp_path / "shallow"))
    with pytest.raises(guard.NothingToCompare, match="shallow"):
        guard.baseline_commit(tmp_path / "shallow")


def test_a_tree_without_history_is_told_apart(repository):
    shutil.rmtree(repository / ".git")
    with pytest.raises(guard.NothingToCompare, match="no history"):
        guard.baseline_commit(repository)


def test_a_moved_baseline_is_told_apart(repository):
    (repository / guard.BASELINE).write_text('{"loss": 0.3}', "ascii")
    with pytest.raises(guard.NothingToCompare, match="moves the baseline"):
        guard.baseline_commit(repository)


@pytest.mark.parametrize(("time", "lost"), [(1.0, 0), (1.19, 0), (1.21, 1), (1.33, 1)])
def test_a_loss_of_more_than_a_fifth_is_seen(time, lost):
    assert len(guard.losses({"tokens": time}, 0.2)) == lost


def _noisy(*turns):
    """Return a measurement that gives one pair of times after the other."""
    waiting = list(turns)

    def measure(names):
        here, before = waiting.pop(0)
        return dict.fromkeys(names, here), dict.fromkeys(names, before)

    return measure


def test_noise_is_measured_again_and_passes():
    found = guard.settled(_noisy((1.5, 1.0), (1.01, 1.1)), ["tokens"], 0.2)
    assert found == {"tokens": 1.01}


def test_a_slower_kernel_stays_slow_whatever_the_noise_of_its_baseline():
    turns = [(1.33, 1.0), (1.4, 1.3), (1.9, 1.1), (1.34, 1.2)]
    found = guard.settled(_noisy(*turns), ["tokens"], 0.2)
    assert guard.losses(found, 0.2) == ["tokens"]


def test_every_piece_of_work_has_sources_and_a_maker():
    assert set(guard_work.PIECES) == set(guard_work.MAKERS)
    for start in (s for starts in guard_work.PIECES.values() for s in starts):
        assert (guard.ROOT / start).exists()


@pytest.mark.slow
def test_trees_are_measured_with_their_own_kernels(tmp_path):
    """A tree whose kernel does its work many times over is seen as slower."""
    slow = tmp_path / "slow"
    for part in guard._PARTS:
        shutil.copytree(
            guard.ROOT / part, slow / part, ignore=shutil.ignore_patterns("__pycache__")
        )
    with (slow / "audit" / "kernels" / "url.py").open("a", encoding="ascii") as file:
        file.write(
            "\n\n_once = extract_hosts\n\n\n"
            "def extract_hosts(data, starts):\n"
            "    for _ in range(9):\n        _once(data, starts)\n"
            "    return _once(data, starts)\n"
        )
    assert guard.changed(slow, guard.ROOT) == ["hosts"]
    here, before = guard.times(guard.ROOT, ["hosts"], tmp_path / "cache", here=slow)
    assert guard.losses({"hosts": here["hosts"] / before["hosts"]}, 0.2) == ["hosts"]
