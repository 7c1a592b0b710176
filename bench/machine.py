"""Where a run was measured: the machine, the build and the versions of all that took part."""

import datetime
import json
import os
import pathlib
import platform
import re
import subprocess

import peers

ROOT = pathlib.Path(__file__).resolve().parent.parent


def git(*words):
    done = subprocess.run(["git", *words], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    return done.stdout.strip() if done.returncode == 0 else ""


def commit():
    """The short hash, with a + when files differ from it; "" outside of git."""
    found = git("rev-parse", "--short", "HEAD")
    return found + ("+" if found and git("status", "--porcelain", "--untracked-files=no") else "")


def processor():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        text = ""
    model = re.search(r"model name\s*: (.*)", text)
    return model.group(1) if model else platform.processor() or platform.machine()


def build_options(build):
    path = pathlib.Path(build) / "meson-info" / "intro-buildoptions.json"
    if not path.exists():
        return {}
    found = {option["name"]: option["value"] for option in json.loads(path.read_text())}
    return {name: found.get(name) for name in ("buildtype", "optimization", "b_lto", "b_sanitize")}


def compiler(build):
    """The one that made the build, as meson knows it."""
    path = pathlib.Path(build) / "meson-info" / "intro-compilers.json"
    if path.exists():
        for language in json.loads(path.read_text()).get("host", {}).values():
            return language["full_version"]
    return peers.said("cc", "--version")


def describe(build):
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "commit": commit(), "version": (ROOT / "VERSION").read_text().strip(),
            "cpu": processor(), "cores": os.cpu_count(), "memory_gib": round(memory, 1),
            "kernel": f"{platform.system()} {platform.release()}", "load": round(os.getloadavg()[0], 2),
            "compiler": compiler(build), "build": build_options(build),
            "versions": peers.versions(build)}


def as_text(facts):
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    build = ", ".join(f"{name}={value}" for name, value in facts["build"].items())
    busy = f"\nNOT IDLE: {facts['load']} processes want {facts['cores']} cores; absolute figures will be " \
        "worse than they are, ratios doubtful\n" if facts["load"] > facts["cores"] / 2 else ""
    return (f"hob {facts['version']}, commit {facts['commit'] or 'unknown'}, {facts['date']}\n"
            f"{facts['cpu']}, {facts['cores']} cores, {facts['memory_gib']} GiB, {facts['kernel']}, "
            f"load {facts['load']} at the start\n{facts['compiler']}; {build}\nbeside: {versions}\n{busy}")
