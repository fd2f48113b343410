# SPDX-License-Identifier: GPL-2.0
# Loads a module with its first allocation failing, then its second, and so on, until a load needs no more of them.
# Usage: load_failing.py FILE NAME [PARAMETER=VALUE]...: what a failed load returns must be ENOMEM, and nothing may be left
import ctypes, errno, os, sys

libc = ctypes.CDLL(None, use_errno=True)
file, name, *parameters = sys.argv[1:]
parameters = " ".join(parameters).encode()
SYS_DELETE_MODULE, SYS_FINIT_MODULE = 176, 313
left_behind = [f"/sys/module/{name}", f"/sys/kernel/debug/{name}", f"/sys/kernel/tracing/events/{name}"]


fail_nth = os.open("/proc/thread-self/fail-nth", os.O_RDWR)


def let_fail(n):
    """The nth allocation from here on fails."""
    os.pwrite(fail_nth, str(n).encode(), 0)


def has_failed():
    """Whether it came to that; if not, it will not any more."""
    left = int(os.pread(fail_nth, 16, 0).rstrip(b"\0\n"))
    let_fail(0)
    return left == 0


failed = survived = 0
for n in range(1, 5000):
    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    let_fail(n)
    status = libc.syscall(SYS_FINIT_MODULE, fd, parameters, 0)
    error = ctypes.get_errno()
    done = not has_failed()
    os.close(fd)
    if status == 0:
        survived += not done
        if libc.syscall(SYS_DELETE_MODULE, name.encode(), 0):
            sys.exit(f"allocation {n}: the module loads, and cannot be unloaded: {os.strerror(ctypes.get_errno())}")
    else:
        failed += 1
        if error != errno.ENOMEM:
            sys.exit(f"allocation {n}: {os.strerror(error)} instead of {os.strerror(errno.ENOMEM)}")
    left = [p for p in left_behind if os.path.exists(p)]
    if left:
        sys.exit(f"allocation {n}: there is still {' '.join(left)}")
    if done:
        print(f"{n - 1} allocations: {failed} loads failed, {survived} did without")
        sys.exit(0 if status == 0 and failed > 10 else 1)
sys.exit("there was no end of allocations")
