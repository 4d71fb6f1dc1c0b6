"""A peer's name in, the Python of an environment that has nothing but that peer out.

Environments are thrown away with their folder; nothing of a peer ever enters the
environment of this project. Packages that share modules (fasttext-wheel and the
bindings datatrove wants) live apart for that reason.
"""

import shutil
import subprocess
import sys
from pathlib import Path

_PATIENCE = 900
CACHE = Path.home() / ".cache" / "corpus-audit-bench"

# Peer: requirements, pinned where a release was read before it was measured.
PEERS = {
    "datatrove": (
        "datatrove==0.10.1", "fasttext-numpy2-wheel", "xxhash<4", "nltk", "tldextract",
        "orjson", "fasteners", "regex", "spacy", "huggingface-hub", "tokenizers",
    ),
    "data-juicer": ("py-data-juicer==1.6.1", "orjson", "aiohttp"),
    "dolma": ("dolma==1.2.1", "orjson"),
    "gaoya": ("gaoya==0.2.2", "orjson"),
    "rensa": ("rensa==0.5.0", "orjson"),
    "datasketch": ("datasketch==2.0.0", "orjson", "xxhash"),
    "text-dedup": ("text-dedup==0.4.1", "orjson"),
    "fasttext-wheel": ("fasttext-wheel==0.9.2", "numpy<2", "orjson"),
    "pycld2": ("pycld2", "orjson"),
    "py3langid": ("py3langid", "orjson"),
}  # fmt: skip

# Peers that do not run on every Python that this project runs on.
NEEDS = {"text-dedup": "3.12"}


def _base_python(wanted):
    """Return a Python that is as new as wanted, None where there is none."""
    if wanted is None or sys.version_info >= tuple(map(int, wanted.split("."))):
        return sys.executable
    found = shutil.which(f"python{wanted}")
    # What stands in the path may be a placeholder for a Python that is not chosen.
    works = found and subprocess.run([found, "-c", ""], check=False).returncode == 0
    return found if works else None


def _install(peer, folder, python):
    """Make the environment of a peer; return "" or why that is not possible."""
    folder.mkdir(parents=True, exist_ok=True)
    base = _base_python(NEEDS.get(peer))
    if base is None:
        return f"needs Python {NEEDS[peer]}, which is not here"
    pip = [python, "-m", "pip", "install", "-q"]
    try:
        if not python.exists():
            subprocess.run([base, "-m", "venv", folder], check=True)
            subprocess.run([*pip, "--upgrade", "pip"], check=True, timeout=_PATIENCE)
        subprocess.run(
            [*pip, *PEERS[peer]],
            capture_output=True,
            text=True,
            check=True,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return f"pip had not finished after {_PATIENCE // 60} minutes"
    except subprocess.CalledProcessError as error:
        lines = [line for line in (error.stderr or "").splitlines() if line.strip()]
        why = next((line for line in reversed(lines) if "rror" in line), "pip failed")
        return why.strip()[:160]
    return ""


def python_of(peer, cache=CACHE):
    """Return (python, version) of a peer, or (None, why it cannot be installed).

    What failed is not tried again until its folder is removed.
    """
    folder = Path(cache) / peer
    python = folder / "bin" / "python"
    stamp, failed = folder / ".installed", folder / ".failed"
    if failed.exists():
        return None, failed.read_text("utf-8").strip()
    if not stamp.exists():
        why = _install(peer, folder, python)
        (failed if why else stamp).write_text(why, "utf-8")
        if why:
            return None, why
    name = PEERS[peer][0].split("==")[0]
    asked = f"import importlib.metadata as m; print(m.version({name!r}))"
    told = subprocess.run(
        [python, "-c", asked], capture_output=True, text=True, check=False
    )
    return python, told.stdout.strip()
