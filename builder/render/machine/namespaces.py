"""Why the kernel lets bubblewrap make no namespaces, and how to allow it."""

from pathlib import Path

_PROFILE = (
    r"printf 'abi <abi/4.0>,\ninclude <tunables/global>\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\n"
    r"  userns,\n}\n' | sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap"
)
_CONTAINER = (
    "the container has to allow them: start it with --security-opt seccomp=unconfined --security-opt "
    "apparmor=unconfined --security-opt systempaths=unconfined (Podman: --security-opt seccomp=unconfined "
    "--security-opt unmask=ALL)"
)


def why_refused(system: Path = Path("/")) -> str:
    """What to do so that unprivileged user namespaces can be made, told by the kernel's settings below `system`."""
    settings = system / "proc/sys"
    if _setting(settings / "kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if _setting(settings / "user/max_user_namespaces") == "0":
        return "sudo sysctl -w user.max_user_namespaces=15000"
    if any((system / mark).exists() for mark in (".dockerenv", "run/.containerenv")):
        return _CONTAINER
    if _setting(settings / "kernel/apparmor_restrict_unprivileged_userns") == "1":
        return f"AppArmor allows user namespaces to named programs only; name bubblewrap: {_PROFILE}"
    return f"the kernel, or a container or a chroot around this, allows no user namespaces; if {_CONTAINER}"


def _setting(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
