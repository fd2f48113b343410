# SPDX-License-Identifier: GPL-2.0
# What no stock tool sends, for the tests of the emulated card. Between the namespaces left and right one process has both ends,
# and compares what arrives with what was sent.
# Usage: frames.py raw INTERFACE MAC COUNT          frames that are no IP, of 60 bytes
#        frames.py rss KIND INTERFACE MAC <TABLE    40 flows, RST segments or UDP; TABLE is what ethtool -x says of the receiver;
#                                                   prints "QUEUE FRAMES" as its key and table have it
#        frames.py uso ADDRESS MIB                  UDP in pieces that the card cuts into datagrams
#        frames.py sctp ADDRESS MIB
import ctypes, ipaddress, os, re, socket, struct, sys

IPPROTO_SCTP, UDP_SEGMENT = 132, 103


def packet_socket(interface):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((interface, 0))
    return s


def own_mac(interface):
    with open(f"/sys/class/net/{interface}/address") as f:
        return mac(f.read())


def mac(text):
    return bytes.fromhex(text.strip().replace(":", ""))


def raw(interface, to, count):
    s = packet_socket(interface)
    frame = (mac(to) + own_mac(interface) + b"\x88\xb5").ljust(60, b"\x5a")
    for _ in range(int(count)):
        s.send(frame)


def fold(data):
    data += b"\0" * (len(data) % 2)
    n = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff


def toeplitz(key, data):
    """Each bit set in the data adds the 32 bits of the key that begin at its place."""
    key, bits, h = int.from_bytes(key, "big"), len(key) * 8, 0
    for i in range(len(data) * 8):
        if data[i // 8] >> (7 - i % 8) & 1:
            h ^= key >> (bits - 32 - i) & 0xffffffff
    return h


def ip_packet(kind, src, dst, ports):
    """The packet, and what of it is hashed."""
    protocol = 6 if kind.startswith("tcp") else 17
    if protocol == 6:
        l4, at = ports + struct.pack("!IIBBHHH", 1, 0, 0x50, 0x04, 0, 0, 0), 16
    else:
        l4, at = ports + struct.pack("!HH", 8 + 18, 0) + b"r" * 18, 6
    pseudo = src + dst + struct.pack("!II", len(l4), protocol)
    l4 = l4[:at] + struct.pack("!H", fold(pseudo + l4) or 0xffff) + l4[at + 2:]
    hashed = src + dst + (b"" if kind.startswith("ip") else ports)
    if len(src) == 16:
        return struct.pack("!IHBB", 0x60000000, len(l4), protocol, 64) + src + dst + l4, hashed
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(l4), 1, 0x4000, 64, protocol, 0) + src + dst
    return head[:10] + struct.pack("!H", fold(head)) + head[12:] + l4, hashed


def read_table(text):
    """Key and indirection table as ethtool -x prints them."""
    table = []
    for row in re.findall(r"^\s*\d+:((?:\s+\d+)+)\s*$", text, re.M):
        table += [int(n) for n in row.split()]
    return mac(re.search(r"^(?:[0-9a-f]{2}:){39}[0-9a-f]{2}$", text, re.M)[0]), table


def rss(kind, interface, to):
    s, source = packet_socket(interface), own_mac(interface)
    key, table = read_table(sys.stdin.read())
    expected = dict.fromkeys(range(max(table) + 1), 0)
    for flow in range(40):
        # as many of each as no other flow has: flows that change places are seen
        count = 5 + flow
        ports = struct.pack("!HH", 20000 + 37 * flow, 5300 + flow % 3)
        # to nobody's address: what no receiver answers leaves it nothing to do
        if kind.endswith("6"):
            addresses = f"fd82::50:{flow + 1:x}", "fd82::3"
        else:
            addresses = f"10.82.0.{50 + flow}", "10.82.0.3"
        src, dst = (ipaddress.ip_address(a).packed for a in addresses)
        packet, hashed = ip_packet(kind, src, dst, ports)
        frame = mac(to) + source + (b"\x86\xdd" if kind.endswith("6") else b"\x08\x00") + packet
        for _ in range(count):
            s.send(frame)
        expected[table[toeplitz(key, hashed) % len(table)]] += count
    for queue, count in sorted(expected.items()):
        print(queue, count)


def socket_in(namespace, *args):
    libc = ctypes.CDLL(None, use_errno=True)
    fd = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if libc.setns(fd, 0):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)
    s = socket.socket(*args)
    s.settimeout(20)
    return s


def uso(address, mib):
    size, pieces = 1400, 20
    there = socket_in("right", socket.AF_INET, socket.SOCK_DGRAM)
    there.bind((address, 5300))
    here = socket_in("left", socket.AF_INET, socket.SOCK_DGRAM)
    here.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
    # the last one is short
    for _ in range(int(mib) * 1048576 // (size * pieces)):
        data = os.urandom(size * pieces - 100)
        here.sendto(data, (address, 5300))
        for at in range(0, len(data), size):
            if there.recv(65536) != data[at:at + size]:
                sys.exit("a datagram is not the one that was sent")


def sctp(address, mib):
    listener = socket_in("right", socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SCTP)
    listener.bind((address, 5300))
    listener.listen(1)
    here = socket_in("left", socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SCTP)
    here.connect((address, 5300))
    there = listener.accept()[0]
    there.settimeout(20)
    for _ in range(int(mib) * 64):
        data, got = os.urandom(16384), b""
        here.sendall(data)
        while len(got) < len(data):
            got += there.recv(65536)
        if got != data:
            sys.exit("what arrived is not what was sent")


{"raw": raw, "rss": rss, "uso": uso, "sctp": sctp}[sys.argv[1]](*sys.argv[2:])
