/*
 * The load generator: a closed loop over many connections, one thread, one epoll.
 *
 *   load HOST PORT CONNECTIONS SIZE WARMUP_SECONDS SECONDS SERVER_PID [MESSAGE_FILE]
 *
 * Each connection sends one message of SIZE bytes, waits until all of it has come back, notes how
 * long that took in a histogram, and sends the next. It is C so that it costs less per request than
 * any server it measures: sockets are registered once, edge-triggered, and a request is one send and
 * one recv where the kernel allows it. During the warm-up every byte that comes back is compared
 * with what was sent, so a server that is fast but wrong fails; the measured part does not compare.
 *
 * The CPU time of the server process is read (nanoseconds, its CPU clock) at the first and the last
 * instant of the measured part, so start-up, accepting and warm-up do not count. SERVER_PID 0: none.
 *
 * MESSAGE_FILE holds the SIZE bytes of the message, for a server that answers with SIZE other bytes; then nothing is
 * compared. Without it the message is noise.
 *
 * Prints one JSON object. Any failure is a line on stderr and exit status 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

enum {
    BATCH = 1024,
    STEP_BITS = 6,                             /* 64 steps per power of two: within 1.6 % */
    STEPS = 1 << STEP_BITS,
    BUCKETS = (64 - STEP_BITS + 1) * STEPS
};

struct conn {
    int fd;
    size_t sent, received;
    uint64_t began; /* ns, when the current message was handed to send */
};

static uint64_t histogram[BUCKETS];
static uint64_t requests, slowest;
static size_t size;
static char *message, *inbox;
static int checking = 1; /* warm-up: compare the echo with the message */

static void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(1);
}

static uint64_t clock_ns(clockid_t id) {
    struct timespec t;
    if (clock_gettime(id, &t) < 0) fail("clock_gettime");
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Log-linear histogram: exact below 128 ns, then 64 equal steps per power of two. */
static size_t bucket_of(uint64_t ns) {
    if (ns < 2 * STEPS) return (size_t)ns;
    unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - STEP_BITS;
    return (size_t)shift * STEPS + (size_t)(ns >> shift);
}

/* The middle of a bucket. */
static uint64_t value_of(size_t bucket) {
    if (bucket < 2 * STEPS) return bucket;
    unsigned shift = (unsigned)(bucket / STEPS) - 1;
    return ((uint64_t)(bucket - (size_t)shift * STEPS) << shift) + ((1ull << shift) >> 1);
}

static uint64_t quantile(double q) {
    uint64_t seen = 0, wanted = (uint64_t)((double)requests * q);
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen > wanted) return value_of(i);
    }
    return slowest;
}

static void push(struct conn *c) {
    ssize_t n = send(c->fd, message + c->sent, size - c->sent, MSG_NOSIGNAL);
    if (n >= 0)
        c->sent += (size_t)n;
    else if (errno != EAGAIN && errno != EINTR)
        fail("send");
}

static void begin(struct conn *c) {
    c->sent = c->received = 0;
    c->began = clock_ns(CLOCK_MONOTONIC);
    push(c);
}

/*
 * One readiness event. A short recv has emptied the socket and a short send has filled it; both get
 * a new edge later, so neither is tried again here. A full echo starts the next message at once.
 */
static void drive(struct conn *c) {
    if (c->sent < size) push(c);
    ssize_t n = recv(c->fd, inbox, size - c->received, 0);
    if (n < 0) {
        if (errno == EAGAIN || errno == EINTR) return;
        fail("recv");
    }
    errno = 0;
    if (n == 0) fail("the server closed a connection");
    if (checking && memcmp(inbox, message + c->received, (size_t)n) != 0) fail("the echo differs from the message");
    c->received += (size_t)n;
    if (c->received < size) return;
    uint64_t took = clock_ns(CLOCK_MONOTONIC) - c->began;
    histogram[bucket_of(took)]++;
    requests++;
    if (took > slowest) slowest = took;
    begin(c);
}

/* Runs the closed loop until `until`; returns the instant at which it really stopped. */
static uint64_t run_until(int poller, uint64_t until) {
    static struct epoll_event ready[BATCH];
    for (;;) {
        uint64_t now = clock_ns(CLOCK_MONOTONIC);
        if (now >= until) return now;
        int left_ms = (int)((until - now) / 1000000u) + 1;
        int n = epoll_wait(poller, ready, BATCH, left_ms);
        if (n < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < n; i++) drive(ready[i].data.ptr);
    }
}

static int open_connection(const struct sockaddr_in *to) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0) fail("socket");
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0) fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) fail("fcntl");
    return fd;
}

int main(int argc, char **argv) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    errno = 0;
    if (argc != 8 && argc != 9) {
        fprintf(stderr, "usage: load HOST PORT CONNECTIONS SIZE WARMUP_SECONDS SECONDS SERVER_PID [MESSAGE_FILE]\n");
        return 2;
    }
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
    if (inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) fail("HOST must be an IPv4 address");
    int count = atoi(argv[3]);
    size = (size_t)atol(argv[4]);
    double warm_up = atof(argv[5]), duration = atof(argv[6]);
    pid_t server = (pid_t)atol(argv[7]);
    if (count < 1 || size < 1) fail("CONNECTIONS and SIZE must be positive");

    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    clockid_t server_clock = 0;
    if (server) {
        int error = clock_getcpuclockid(server, &server_clock);
        if (error) {
            errno = error;
            fail("clock_getcpuclockid");
        }
    }
    message = malloc(size);
    inbox = malloc(size);
    struct conn *conns = calloc((size_t)count, sizeof *conns);
    if (!message || !inbox || !conns) fail("malloc");
    uint32_t noise = 12345;
    for (size_t i = 0; i < size; i++) {
        noise = noise * 1664525u + 1013904223u;
        message[i] = (char)(noise >> 24);
    }
    if (argc == 9) {
        FILE *file = fopen(argv[8], "rb");
        if (!file || fread(message, 1, size, file) != size) fail("MESSAGE_FILE");
        fclose(file);
        checking = 0;
    }

    int poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) fail("epoll_create1");
    for (int i = 0; i < count; i++) {
        conns[i].fd = open_connection(&to);
        struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = &conns[i]};
        conns[i].sent = size; /* nothing to push before begin() */
        if (epoll_ctl(poller, EPOLL_CTL_ADD, conns[i].fd, &ev) < 0) fail("epoll_ctl");
    }
    for (int i = 0; i < count; i++) begin(&conns[i]);

    run_until(poller, clock_ns(CLOCK_MONOTONIC) + (uint64_t)(warm_up * 1e9));
    errno = 0;
    if (requests == 0) fail("no request was answered during the warm-up");
    memset(histogram, 0, sizeof histogram);
    requests = slowest = 0;
    checking = 0;
    uint64_t server_cpu = server ? clock_ns(server_clock) : 0;
    uint64_t own_cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t began = clock_ns(CLOCK_MONOTONIC);
    uint64_t ended = run_until(poller, began + (uint64_t)(duration * 1e9));
    own_cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - own_cpu;
    server_cpu = server ? clock_ns(server_clock) - server_cpu : 0;
    errno = 0;
    if (requests == 0) fail("no request was answered");

    printf("{\"requests\": %llu, \"seconds\": %.9f, \"p50_ns\": %llu, \"p90_ns\": %llu, \"p99_ns\": %llu, "
           "\"max_ns\": %llu, \"server_cpu_ns\": %llu, \"load_cpu_ns\": %llu}\n",
           (unsigned long long)requests, (double)(ended - began) / 1e9, (unsigned long long)quantile(0.5),
           (unsigned long long)quantile(0.9), (unsigned long long)quantile(0.99), (unsigned long long)slowest,
           (unsigned long long)server_cpu, (unsigned long long)own_cpu);
    return 0;
}
