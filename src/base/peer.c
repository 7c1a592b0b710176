/* peer: see peer.h.
 *
 * Of a TCP connection within this machine the kernel knows both ends; the other end's owner is
 * asked for through sock_diag, one question for one connection, some microseconds however many
 * connections there are.
 *
 * A process may send a request and close its socket before anybody looks: such a socket belongs to
 * nobody any more, which is reported as user 0, the root. It is told apart by its inode (0);
 * otherwise any user could send commands in the name of root, without seeing the answers. */
#define _GNU_SOURCE
#include "base/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#endif

#include "base/file.h"

struct end {
    int family;
    uint16_t port; /* in host order */
    size_t size;   /* of the address */
    uint8_t address[16];
};

static bool read_end(struct end *end, const struct sockaddr_storage *from)
{
    memset(end, 0, sizeof *end);
    end->family = from->ss_family;
    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
        end->port = ntohs(v6->sin6_port);
        end->size = sizeof v6->sin6_addr;
        memcpy(end->address, &v6->sin6_addr, end->size);
        return true;
    }
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
    end->port = ntohs(v4->sin_port);
    end->size = sizeof v4->sin_addr;
    memcpy(end->address, &v4->sin_addr, end->size);
    return from->ss_family == AF_INET;
}

static bool is_loopback(const struct end *end)
{
    struct in6_addr v6;
    if (end->family == AF_INET)
        return end->address[0] == 127;
    memcpy(&v6, end->address, sizeof v6);
    return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && end->address[12] == 127);
}

/* Surely of this machine: nobody else reaches a loopback address, or has an address of ours. */
static bool is_this_machine(const struct end *client, const struct end *server)
{
    return is_loopback(client) || is_loopback(server) ||
           memcmp(client->address, server->address, client->size) == 0;
}

#ifdef __linux__
struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
};

static struct question make_question(const struct end *client, const struct end *server)
{
    struct question question = {
        .header = {.nlmsg_len = sizeof question,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST},
        .request = {.sdiag_family = (uint8_t)client->family,
                    .sdiag_protocol = IPPROTO_TCP,
                    .idiag_states = ~0U},
    };
    struct inet_diag_sockid *id = &question.request.id;
    id->idiag_sport = htons(client->port);
    id->idiag_dport = htons(server->port);
    memcpy(id->idiag_src, client->address, client->size);
    memcpy(id->idiag_dst, server->address, server->size);
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return question;
}

static enum hob_peer ask_kernel(const struct end *client, const struct end *server, uid_t *user)
{
    HOB_AUTO(descriptor)
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    struct question question = make_question(client, server);
    union {
        struct nlmsghdr header;
        char bytes[1024];
    } answer;
    if (descriptor < 0 || send(descriptor, &question, sizeof question, 0) < 0)
        return HOB_PEER_UNKNOWN;
    ssize_t got = recv(descriptor, &answer, sizeof answer, 0);
    if (got < (ssize_t)NLMSG_LENGTH(sizeof(struct inet_diag_msg)) ||
        answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return HOB_PEER_UNKNOWN;
    const struct inet_diag_msg *found = NLMSG_DATA(&answer.header);
    *user = found->idiag_uid;
    return found->idiag_inode != 0 ? HOB_PEER_USER : HOB_PEER_GONE;
}
#else
static enum hob_peer ask_kernel(const struct end *client, const struct end *server, uid_t *user)
{
    (void)client, (void)server, (void)user;
    return HOB_PEER_UNKNOWN;
}
#endif

static enum hob_peer look_up_local(int descriptor, uid_t *user)
{
#ifdef __linux__
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return HOB_PEER_UNKNOWN;
    *user = peer.uid;
#else
    gid_t group;
    if (getpeereid(descriptor, user, &group) != 0)
        return HOB_PEER_UNKNOWN;
#endif
    return HOB_PEER_USER;
}

pid_t hob_peer_process(int descriptor)
{
#ifdef __linux__
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
        return peer.pid;
#else
    (void)descriptor;
#endif
    return 0;
}

enum hob_peer hob_peer_look_up(int descriptor, uid_t *user)
{
    struct sockaddr_storage there = {0}, here = {0};
    socklen_t there_size = sizeof there, here_size = sizeof here;
    struct end client, server;
    if (getsockname(descriptor, (struct sockaddr *)&here, &here_size) != 0)
        return HOB_PEER_UNKNOWN;
    if (here.ss_family == AF_UNIX)
        return look_up_local(descriptor, user);
    if (getpeername(descriptor, (struct sockaddr *)&there, &there_size) != 0)
        return HOB_PEER_GONE;
    if (!read_end(&client, &there) || !read_end(&server, &here))
        return HOB_PEER_UNKNOWN;
    /* A process may bind any address of this machine, so the kernel is asked in any case. */
    enum hob_peer found = ask_kernel(&client, &server, user);
    if (found != HOB_PEER_UNKNOWN)
        return found;
    return is_this_machine(&client, &server) ? HOB_PEER_UNKNOWN : HOB_PEER_REMOTE;
}
