/* life: how a server ends, or gives its place to another process like it.
 *
 * A restart starts the program anew, as the file is now, with the listening sockets; only when that
 * process listens does this one stop taking connections. Both do so for a moment, and the queue of
 * the sockets belongs to both, so nobody is refused. The successor does not look at any session
 * before this process has let go of all of them, which it learns from the end of a pipe, however
 * that comes about; so their order is certain even when one restart follows on another. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/launch.h"
#include "base/log.h"
#include "server/dispatch.h"

enum { SUCCESSOR_SECONDS = 30 };

static void wake(struct hob_server *server)
{
    if (server->options.wake != NULL)
        server->options.wake();
}

void hob_server_ask_to_stop(struct hob_server *server)
{
    int serves = HOB_FUTURE_SERVES;
    atomic_compare_exchange_strong(&server->future, &serves, HOB_FUTURE_STOPS);
    wake(server);
}

bool hob_server_is_leaving(const struct hob_server *server)
{
    return atomic_load(&server->future) != HOB_FUTURE_SERVES;
}

pid_t hob_server_successor(const struct hob_server *server)
{
    bool succeeded = atomic_load(&server->future) == HOB_FUTURE_SUCCEEDED;
    return succeeded ? atomic_load(&server->successor) : 0;
}

static int check_restart(struct hob_server *server, struct hob_error *error)
{
    if (server->options.program == NULL)
        return hob_error_set(error, HOB_E_UNSUPPORTED,
                             "cannot restart: nobody knows which program this is");
    if (getpid() == 1)
        return hob_error_set(error, HOB_E_UNSUPPORTED,
                             "cannot restart: this is the first process of its container, which "
                             "would end with it; restart the container");
    if (!hob_store_is_fleeting(server->store))
        return 0;
    hob_error_set(error, HOB_E_VALUE,
                  "cannot restart: sessions are kept in memory only and would be lost");
    hob_error_hint(error, "save and delete them first, or stop the server");
    return HOB_E_VALUE;
}

static const char *name_of(bool ours, const char *name)
{
    return ours ? name : HOB_INHERITED_FOREIGN;
}

/* Starts the successor with the sockets, and with the end of a pipe. */
static int launch(struct hob_server *server, int hold, pid_t *successor, struct hob_error *error)
{
    char names[64] = "";
    struct hob_launch launch = {.program = server->options.program,
                                .words = server->options.words,
                                .socket_names = names,
                                .errors = -1,
                                .seconds = SUCCESSOR_SECONDS};
    if (server->tcp != NULL) {
        launch.sockets[launch.socket_count++] = hob_http_listening(server->tcp);
        strcat(names, name_of(!server->tcp_is_foreign, HOB_INHERITED_TCP));
    }
    if (server->local != NULL) {
        launch.sockets[launch.socket_count++] = hob_http_listening(server->local);
        strcat(names, names[0] != '\0' ? ":" : "");
        strcat(names, name_of(server->socket_inode != 0, HOB_INHERITED_LOCAL));
    }
    launch.sockets[launch.socket_count++] = hold;
    strcat(names, ":" HOB_INHERITED_HOLD);
    struct hob_launched launched;
    int code = hob_launch(&launched, &launch, error);
    *successor = launched.pid;
    /* One that is not ready may become so any moment: two would serve then. */
    if (code != 0 && *successor > 0)
        kill(*successor, SIGKILL);
    return code;
}

/* With `replacing` set. */
static int replace(struct hob_server *server, pid_t *successor, struct hob_error *error)
{
    int serves = HOB_FUTURE_SERVES, ends[2] = {-1, -1};
    int code = check_restart(server, error);
    /* The successor works where this process does, wherever the client that asks for it is. */
    if (code == 0)
        code = hob_place_go_home(server, error);
    if (code == 0 && pipe2(ends, O_CLOEXEC) != 0)
        code = hob_error_from_errno(error, errno, "make a pipe for", server->options.program);
    HOB_AUTO(descriptor) int theirs = ends[0];
    HOB_AUTO(descriptor) int own = ends[1];
    if (code == 0)
        code = launch(server, theirs, successor, error);
    if (code != 0)
        return hob_error_context(error, "the server goes on as it was");
    atomic_store(&server->successor, *successor);
    if (atomic_compare_exchange_strong(&server->future, &serves, HOB_FUTURE_SUCCEEDED)) {
        server->hold = own;
        own = -1;
        /* Whoever comes when this is answered is to find the successor. */
        hob_server_close_doors(server);
        return 0;
    }
    kill(*successor, SIGTERM);
    return hob_error_set(error, HOB_E_BUSY, "the server was told to stop meanwhile");
}

int hob_server_restart(struct hob_server *server, pid_t *successor, struct hob_error *error)
{
    *successor = 0;
    if (hob_server_is_leaving(server) || atomic_exchange(&server->replacing, true))
        return hob_error_set(error, HOB_E_BUSY, "the server is being restarted or stopped already");
    int code = replace(server, successor, error);
    char number[16];
    snprintf(number, sizeof number, "%ld", (long)*successor);
    if (code == 0)
        hob_log(HOB_LOG_INFO, "a successor serves", "process", number, NULL);
    else
        hob_log(HOB_LOG_ERROR, "no restart", "reason", error->message, NULL);
    atomic_store(&server->replacing, false);
    wake(server);
    return code;
}

/* ---- over HTTP ---- */

/* Only who could as well send a signal. */
int hob_life_check_owner(const struct hob_call *call, struct hob_error *error)
{
    if (call->peer != NULL && call->peer->owner)
        return 0;
    return hob_error_set(error, HOB_E_FORBIDDEN,
                         "refused: only a process of the server's own user, on the same machine, "
                         "may stop, restart or reload it");
}

int hob_handle_stop(struct hob_call *call, struct hob_error *error)
{
    int code = hob_life_check_owner(call, error);
    if (code != 0)
        return code;
    hob_server_ask_to_stop(call->server);
    hob_buffer_printf(&call->out, "{\"status\":\"success\",\"pid\":%ld}", (long)getpid());
    return 0;
}

int hob_handle_restart(struct hob_call *call, struct hob_error *error)
{
    pid_t successor;
    int code = hob_life_check_owner(call, error);
    if (code == 0)
        code = hob_server_restart(call->server, &successor, error);
    if (code == 0)
        hob_buffer_printf(&call->out, "{\"status\":\"success\",\"pid\":%ld,\"before\":%ld}",
                          (long)successor, (long)getpid());
    return code;
}
