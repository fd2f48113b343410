// SPDX-License-Identifier: GPL-2.0
/* Sends datagrams as fast as the kernel takes them, with no more of its own than a system call each. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	static char data[1472];
	long count, size;
	int fd;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || (count = atol(argv[3])) < 1 ||
	    (size = atol(argv[4])) < 1 || size > (long)sizeof(data)) {
		fprintf(stderr, "Usage: udp-send ADDRESS PORT COUNT SIZE (1 to %zu)\n", sizeof(data));
		return 2;
	}
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("udp-send");
		return 1;
	}
	while (count--)
		if (send(fd, data, (size_t)size, 0) != size) {
			perror("udp-send: send");
			return 1;
		}
	return 0;
}
