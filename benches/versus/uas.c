/* A SIP server for measuring clients: answers every request 200, as fast as the kernel moves datagrams.
 * It holds no stack: the answer is the request's first line replaced and its body cut off, its header
 * fields (Via, From, To, Call-ID, CSeq among them) given back as they came, and a tag for To.
 * Counts what it saw: distinct requests cannot be told apart from copies here; the clients count those.
 *
 *   cc -O2 -o uas uas.c && ./uas PORT        prints the number of datagrams on SIGTERM
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, SIZE = 4096 };
static volatile sig_atomic_t stop;
static void ended(int sig) { (void)sig; stop = 1; }

/* Writes the answer; 0 when it is no request. */
static size_t answer(const char *in, size_t n, char *out) {
    static const char status[] = "SIP/2.0 200 OK\r\n", end[] = "Content-Length: 0\r\n\r\n";
    const char *line = memchr(in, '\n', n), *stop_at = in + n;
    if (!line || !memcmp(in, "SIP/2.0", 7)) return 0;
    char *to = stpcpy(out, status);
    for (line++; line < stop_at;) {
        const char *next = memchr(line, '\n', stop_at - line);
        if (!next || next - line < 2) break;
        size_t length = next + 1 - line;
        int keep = strchr("VvFfTtIiC", *line) && strncasecmp(line, "Content", 7) && strncasecmp(line, "Contact", 7);
        if (keep && (*line == 'T' || *line == 't') && (line[1] == 'o' || line[1] == ':')) {
            to = mempcpy(to, line, length - 2);
            to = stpcpy(to, ";tag=uas\r\n");
        } else if (keep) {
            to = mempcpy(to, line, length);
        }
        line = next + 1;
    }
    to = stpcpy(to, end);
    return to - out;
}

int main(int argc, char **argv) {
    static char in[BATCH][SIZE], out[BATCH][SIZE];
    static struct sockaddr_in from[BATCH];
    struct mmsghdr receive[BATCH], send[BATCH];
    struct iovec in_vec[BATCH], out_vec[BATCH];
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 5060)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int s = socket(AF_INET, SOCK_DGRAM, 0), bytes = 16 << 20;
    if (setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes))
        setsockopt(s, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(s, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    if (bind(s, (struct sockaddr *)&here, sizeof here)) { perror("bind"); return 1; }
    struct sigaction action = {.sa_handler = ended};
    sigaction(SIGTERM, &action, 0);
    unsigned long seen = 0;
    while (!stop) {
        for (int i = 0; i < BATCH; i++) {
            in_vec[i] = (struct iovec){in[i], SIZE - 256};
            receive[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &in_vec[i], .msg_iovlen = 1, .msg_name = &from[i], .msg_namelen = sizeof from[i]}};
        }
        int got = recvmmsg(s, receive, BATCH, MSG_WAITFORONE, 0), n = 0;
        for (int i = 0; i < got; i++, seen++) {
            size_t length = answer(in[i], receive[i].msg_len, out[n]);
            if (!length) continue;
            out_vec[n] = (struct iovec){out[n], length};
            send[n] = (struct mmsghdr){.msg_hdr = {.msg_iov = &out_vec[n], .msg_iovlen = 1, .msg_name = &from[i], .msg_namelen = sizeof from[i]}};
            n++;
        }
        for (int sent = 0; sent < n;) {
            int more = sendmmsg(s, send + sent, n - sent, 0);
            if (more < 0) break;
            sent += more;
        }
    }
    printf("%lu\n", seen);
    return 0;
}
