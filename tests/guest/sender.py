# SPDX-License-Identifier: GPL-2.0
# Sends UDP packets whose sender is told what became of them: zero-copy completions, or hardware timestamps, whose number it prints.
# Usage: sender.py zerocopy ADDRESS COUNT SECONDS | sender.py timestamp ADDRESS COUNT INTERFACE
import ctypes, fcntl, select, socket, struct, sys, time

SO_ZEROCOPY, MSG_ZEROCOPY, MSG_ERRQUEUE = 60, 0x4000000, 0x2000
SO_EE_ORIGIN_ZEROCOPY = 5
SO_TIMESTAMPING, SIOCSHWTSTAMP, HWTSTAMP_TX_ON = 37, 0x89b0, 1
STAMP_TX_HARDWARE, STAMP_RAW_HARDWARE, STAMP_TSONLY = 1 << 0, 1 << 6, 1 << 11


def zerocopy(address, count, seconds):
    """Every completion must come within the time, with nothing sent that could push it on."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
    data = b"z" * 1400
    for _ in range(count):
        # not connected: that nobody listens there is no error of this socket
        s.sendto(data, MSG_ZEROCOPY, (address, 9))
    left, end = count, time.monotonic() + seconds
    poll = select.poll()
    poll.register(s, 0)
    while left and time.monotonic() < end:
        poll.poll(100)
        try:
            _, control, _, _ = s.recvmsg(0, 512, MSG_ERRQUEUE)
        except BlockingIOError:
            continue
        for _, _, value in control:
            _, origin, _, _, _, first, last = struct.unpack("=IBBBBII", value[:16])
            if origin == SO_EE_ORIGIN_ZEROCOPY:
                left -= last - first + 1
    print(f"{count - left} of {count} completions in {seconds} s")
    return left == 0


def timestamp(address, count, interface):
    """Prints how many stamps came back by the error queue, each within three seconds and later than the one before."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    config = ctypes.create_string_buffer(struct.pack("=iii", 0, HWTSTAMP_TX_ON, 0))
    fcntl.ioctl(s, SIOCSHWTSTAMP, struct.pack("16sQ16x", interface.encode(), ctypes.addressof(config)))
    s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, STAMP_TX_HARDWARE | STAMP_RAW_HARDWARE | STAMP_TSONLY)
    stamps, last = 0, (0, 0)
    for i in range(count):
        s.sendto(b"t" * 100, (address, 9))
        # the card has one register for it
        end = time.monotonic() + 3
        while stamps <= i and time.monotonic() < end:
            try:
                _, control, _, _ = s.recvmsg(0, 512, MSG_ERRQUEUE)
            except BlockingIOError:
                time.sleep(0.02)
                continue
            for level, kind, value in control:
                if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPING):
                    # software, transformed, raw hardware: seconds and nanoseconds of each
                    stamp = struct.unpack("=6q", value[:48])[4:]
                    if stamp > last:
                        stamps, last = stamps + 1, stamp
    print(stamps)
    return True


mode, address, count, last = sys.argv[1:]
sent = zerocopy(address, int(count), float(last)) if mode == "zerocopy" else timestamp(address, int(count), last)
sys.exit(not sent)
