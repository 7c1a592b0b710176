/* floor_relay: what anything that answers HTTP through processes behind pipes needs at least. It
 * reads just enough HTTP for what asks it here, hands bodies out to the workers as lines, and sends
 * their lines back; one call at a time for each worker, one thread, no limits, no checks. A client
 * that asks again before it was answered is not understood.
 * usage: floor_relay PORT WORKERS COMMAND [ARGUMENT...] */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_WORKERS = 16, EVENTS_AT_ONCE = 64, ROOM = 64 * 1024, HEAD_ROOM = 256 };

enum kind { DOOR, CLIENT, WORKER };

/* What an event is about. */
struct end {
    enum kind kind;
    int descriptor; /* to read from */
    int input;      /* of a worker */
    bool asks;      /* a client that has not been answered yet */
    struct end *client, *next;
    size_t size, body_size;
    char *body;
    char text[ROOM];
};

static struct end workers[MOST_WORKERS];
static int worker_count, poller;
static struct end *oldest, *newest; /* clients that wait for a worker */

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void listen_to(struct end *end)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, end->descriptor, &event) != 0)
        fail("floor_relay: epoll_ctl");
}

static void start_worker(struct end *worker, char **command)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        fail("floor_relay: pipe");
    pid_t child = fork();
    if (child < 0)
        fail("floor_relay: fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(in[0], 0);
        dup2(out[1], 1);
        execvp(command[0], command);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    *worker = (struct end){.kind = WORKER, .descriptor = out[0], .input = in[1]};
    listen_to(worker);
}

/* Gives the clients that wait to the workers that do not work. */
static void hand_out(void)
{
    for (int i = 0; i < worker_count && oldest != NULL; i++) {
        struct end *worker = &workers[i], *client = oldest;
        if (worker->client != NULL)
            continue;
        oldest = client->next;
        worker->client = client;
        client->body[client->body_size] = '\n';
        if (write(worker->input, client->body, client->body_size + 1) < 0)
            fail("floor_relay: a worker has gone");
    }
}

static void hear_client(struct end *client)
{
    ssize_t got = recv(client->descriptor, client->text + client->size,
                       sizeof client->text - 1 - client->size, 0);
    if (got <= 0) {
        close(client->descriptor);
        client->descriptor = -1;
        if (!client->asks)
            free(client);
        return;
    }
    client->size += (size_t)got;
    client->text[client->size] = '\0';
    char *head_end = strstr(client->text, "\r\n\r\n");
    char *length = strcasestr(client->text, "\r\ncontent-length:");
    if (head_end == NULL || length == NULL)
        return;
    client->body = head_end + 4;
    client->body_size = strtoul(length + 17, NULL, 10);
    if (client->body + client->body_size > client->text + client->size)
        return;
    client->size = 0;
    client->asks = true;
    client->next = NULL;
    if (oldest == NULL)
        oldest = client;
    else
        newest->next = client;
    newest = client;
    hand_out();
}

static void hear_worker(struct end *worker)
{
    static char answer[HEAD_ROOM + ROOM];
    ssize_t got = read(worker->descriptor, worker->text + worker->size, ROOM - worker->size);
    if (got <= 0)
        fail("floor_relay: a worker has ended");
    worker->size += (size_t)got;
    if (worker->text[worker->size - 1] != '\n')
        return;
    struct end *client = worker->client;
    int size = snprintf(answer, sizeof answer,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n%.*s",
                        worker->size - 1, (int)worker->size - 1, worker->text);
    worker->client = NULL;
    worker->size = 0;
    hand_out();
    client->asks = false;
    if (client->descriptor >= 0)
        send(client->descriptor, answer, (size_t)size, MSG_NOSIGNAL);
    else
        free(client);
}

static void open_door(struct end *door)
{
    int one = 1, descriptor = accept4(door->descriptor, NULL, NULL, SOCK_CLOEXEC);
    struct end *client = calloc(1, sizeof *client);
    if (descriptor < 0 || client == NULL)
        fail("floor_relay: accept");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    client->kind = CLIENT;
    client->descriptor = descriptor;
    listen_to(client);
}

static int listen_on(unsigned port)
{
    int one = 1, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(descriptor, 64) != 0)
        fail("floor_relay: cannot listen");
    return descriptor;
}

static void turn(void)
{
    static void (*const hear[])(struct end *) = {open_door, hear_client, hear_worker};
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(poller, events, EVENTS_AT_ONCE, -1);
    for (int i = 0; i < count; i++) {
        struct end *end = events[i].data.ptr;
        hear[end->kind](end);
    }
}

int main(int count, char **words)
{
    static struct end door = {.kind = DOOR};
    if (count < 4 || atoi(words[2]) < 1 || atoi(words[2]) > MOST_WORKERS) {
        fprintf(stderr, "usage: floor_relay PORT WORKERS COMMAND [ARGUMENT...]\n");
        return 2;
    }
    poller = epoll_create1(EPOLL_CLOEXEC);
    for (worker_count = 0; worker_count < atoi(words[2]); worker_count++)
        start_worker(&workers[worker_count], words + 3);
    door.descriptor = listen_on((unsigned)atoi(words[1]));
    listen_to(&door);
    printf("listening on http://127.0.0.1:%s\n", words[1]);
    fflush(stdout);
    for (;;)
        turn();
}
