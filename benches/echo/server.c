/*
 * The plain C echo server: the floor that every runtime is measured against.
 *
 * One thread, one epoll, non-blocking sockets, TCP_NODELAY. Per ready connection it reads up to
 * 256 KiB, as all the others do, and writes the bytes straight back: in the usual case that is one recv and one send per
 * request and one epoll_wait per batch of ready connections, and nothing else.
 *
 * Edge-triggered: each socket is registered once, for reading and writing, so there is no further
 * epoll_ctl. A read that returns less than was asked for has emptied the socket, so the read that
 * would only say EAGAIN is saved. EPOLLRDHUP covers the one case where that rule would miss
 * something: a hang-up that came together with the last bytes.
 *
 * When the peer does not take everything, the unsent rest is copied aside and the connection is not
 * read again before that rest has gone (back pressure, at most one chunk is held per connection).
 *
 * Prints the port it chose as one line, then serves until it is killed (or its parent dies).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, BATCH = 1024 };

/* One client. `rest` is NULL unless a write was cut short; then it holds the bytes from `from` to `to`. */
struct conn {
    int fd;
    char *rest;
    size_t from, to;
};

static char chunk[CHUNK];

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void drop(struct conn *c) {
    close(c->fd); /* closing also takes it out of the epoll set */
    free(c->rest);
    free(c);
}

/* Sends what is left of a short write. 1: all gone, 0: the socket is full again, -1: the peer is gone. */
static int flush_rest(struct conn *c) {
    while (c->from < c->to) {
        ssize_t n = send(c->fd, c->rest + c->from, c->to - c->from, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR) continue;
            return errno == EAGAIN ? 0 : -1;
        }
        c->from += (size_t)n;
    }
    free(c->rest);
    c->rest = NULL;
    return 1;
}

/* Sends the first `len` bytes of the shared chunk; keeps aside what did not fit. Same answers as above. */
static int echo(struct conn *c, size_t len) {
    ssize_t n = send(c->fd, chunk, len, MSG_NOSIGNAL);
    if (__builtin_expect(n == (ssize_t)len, 1)) return 1;
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) return -1;
        n = 0;
    }
    c->from = 0;
    c->to = len - (size_t)n;
    c->rest = malloc(c->to);
    if (c->rest == NULL) die("malloc");
    memcpy(c->rest, chunk + n, c->to);
    return flush_rest(c);
}

/* One readiness event: write the old rest, then echo until the socket is empty. */
static void serve(struct conn *c, unsigned events) {
    if (c->rest != NULL) {
        int done = flush_rest(c);
        if (done < 0) drop(c);
        if (done <= 0) return;
    }
    for (;;) {
        ssize_t n = recv(c->fd, chunk, CHUNK, 0);
        if (n <= 0) {
            if (n < 0 && errno == EINTR) continue;
            if (n == 0 || errno != EAGAIN) drop(c);
            return;
        }
        int done = echo(c, (size_t)n);
        if (done < 0) drop(c);
        if (done <= 0) return;
        if (n < CHUNK && !(events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))) return;
    }
}

static void accept_all(int listener, int poller) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            if (errno == EAGAIN) return;
            die("accept4");
        }
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct conn *c = calloc(1, sizeof *c);
        if (c == NULL) die("calloc");
        c->fd = fd;
        struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &ev) < 0) die("epoll_ctl");
    }
}

static int listen_on_loopback(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0) die("bind");
    if (listen(fd, 4096) < 0) die("listen");
    socklen_t len = sizeof addr;
    if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0) die("getsockname");
    printf("%d\n", ntohs(addr.sin_port));
    fflush(stdout);
    return fd;
}

int main(void) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    int listener = listen_on_loopback();
    int poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) die("epoll_create1");
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, listener, &ev) < 0) die("epoll_ctl");

    static struct epoll_event ready[BATCH];
    for (;;) {
        int n = epoll_wait(poller, ready, BATCH, -1);
        if (n < 0 && errno != EINTR) die("epoll_wait");
        for (int i = 0; i < n; i++) {
            if (ready[i].data.ptr == NULL)
                accept_all(listener, poller);
            else
                serve(ready[i].data.ptr, ready[i].events);
        }
    }
}
