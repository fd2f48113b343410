# SPDX-License-Identifier: GPL-2.0
# Loads a module again and again, each time with another allocation failing: all that come after its parameters were looked at,
# which are those of its sysfs entries and its own. What the kernel allocates before is the kernel's matter, and it warns of that.
# Usage: load_failing.py FILE NAME BAD_PARAMETER: what a failed load returns must be ENOMEM, and nothing may be left
import ctypes, errno, os, sys

libc = ctypes.CDLL(None, use_errno=True)
file, name, bad = sys.argv[1:]
SYS_DELETE_MODULE, SYS_FINIT_MODULE = 176, 313
left_behind = [f"/sys/module/{name}", f"/sys/kernel/debug/{name}", f"/sys/kernel/tracing/events/{name}"]


fail_nth = os.open("/proc/thread-self/fail-nth", os.O_RDWR)


def let_fail(n):
    """The nth allocation from here on fails."""
    os.pwrite(fail_nth, str(n).encode(), 0)


def left_to_go():
    """How many allocations short of the nth it stayed; 0 if that failed. None fails any more."""
    left = int(os.pread(fail_nth, 16, 0).rstrip(b"\0\n"))
    let_fail(0)
    return left


def load(n, parameters=""):
    """Returns the error and how far it was from failing."""
    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    let_fail(n)
    error = libc.syscall(SYS_FINIT_MODULE, fd, parameters.encode(), 0) and ctypes.get_errno()
    left = left_to_go()
    os.close(fd)
    return error, left


def unload():
    if libc.syscall(SYS_DELETE_MODULE, name.encode(), 0):
        sys.exit(f"it cannot be unloaded: {os.strerror(ctypes.get_errno())}")


MANY = 1000000
error, left = load(MANY, bad)
if error != errno.EINVAL:
    sys.exit(f"it does not mind {bad}")
before = MANY - left
error, left = load(MANY)
if error:
    sys.exit(f"it does not load at all: {os.strerror(error)}")
unload()
total = MANY - left
failed = survived = 0
for n in range(before + 1, total + 1):
    error, left = load(n)
    if error:
        failed += 1
        if error != errno.ENOMEM:
            sys.exit(f"allocation {n}: {os.strerror(error)} instead of {os.strerror(errno.ENOMEM)}")
    else:
        survived += left == 0
        unload()
    behind = [p for p in left_behind if os.path.exists(p)]
    if behind:
        sys.exit(f"allocation {n}: there is still {' '.join(behind)}")
print(f"{total} allocations, {before} before its own: {failed} loads failed, {survived} did without")
sys.exit(failed < 10)
