/* server: the HTTP API over TCP and a unix socket, with its cache, its worker threads and its
 * limits.
 *
 * Call order: start, wait for whatever ends the program, stop. */
#ifndef HOB_SERVER_SERVER_H
#define HOB_SERVER_SERVER_H

#include <sys/types.h>

#include "base/error.h"
#include "pool/options.h"
#include "server/cache.h"
#include "server/inherited.h"
#include "session/journal.h"

struct hob_server;

struct hob_server_pool {
    const char *name;
    struct hob_pool_options options;
};

/* All zero is the default. */
struct hob_server_options {
    const char *host;                      /* NULL: 127.0.0.1 */
    uint16_t port;                         /* 0: HOB_SERVER_PORT, unless... */
    bool any_port;                         /* ...this says: whichever is free */
    bool no_tcp;                           /* the unix socket only */
    const char *socket_path;               /* of the unix socket; NULL: the default place */
    bool no_socket;                        /* TCP only */
    const struct hob_inherited *inherited; /* sockets to listen at instead; NULL: none */
    bool no_working_root;                  /* the working directory is not allowed, only... */
    const char *const *roots;              /* ...these; else both */
    size_t root_count;
    size_t max_body;          /* bytes of a request's body; 0: 64 MiB */
    size_t max_file_size;     /* bytes of a file that is read; 0: HOB_SCOPE_MAX_FILE_SIZE */
    unsigned threads;         /* that talk to clients; 0: one a core */
    unsigned max_connections; /* 0: as many as there may be descriptors, up to 16384 */
    unsigned workers;         /* threads for what may block; 0: two a core, at least 4 */
    size_t queue_limit;       /* requests that wait for them; 0: 1024 */
    size_t cache_size;        /* bytes of answers kept warm; 0: 32 MiB */
    bool no_cache;
    const char *state;              /* directory for sessions; as in struct hob_store_options */
    size_t max_sessions;            /* 0: 100,000 */
    size_t max_session_memory;      /* bytes of all sessions; 0: 1 GiB */
    enum hob_durability durability; /* of edits of sessions */
    const struct hob_server_pool *pools;
    size_t pool_count;
    unsigned drain_seconds; /* how long open requests may take when the server stops; 0: 30 */
    uint64_t idle_ms;       /* without a request after which the server is idle; 0: never */
    /* What starts another process like this one: the executable, and its words (main's argv), which
     * must live as long as the server. NULL: the server cannot be restarted. */
    const char *program;
    const char *const *words;
    /* Called, from any thread, when hob_server_is_leaving or a restart has changed something that
     * whoever waits should look at. NULL: nobody waits. */
    void (*wake)(void);
    bool reloads; /* who is woken also reads the settings again (reload_request.h) */
};

enum { HOB_SERVER_PORT = 8765 };

/* Listens and answers. The working directory of the process is the first root. */
int hob_server_start(struct hob_server **server, const struct hob_server_options *options,
                     struct hob_error *error);
/* "http://127.0.0.1:8765" */
const char *hob_server_url(const struct hob_server *server);
/* Starts another process like this one, gives it the listening sockets and waits until it listens;
 * *successor is its number. This one then is leaving. Any thread may call. When it fails nothing
 * has changed: HOB_E_BUSY when somebody else does so, HOB_E_VALUE when sessions that are in memory
 * only would be lost, HOB_E_UNSUPPORTED, or why the other process does not listen. */
int hob_server_restart(struct hob_server *server, pid_t *successor, struct hob_error *error);
/* Has the server leave; any thread may call. */
void hob_server_ask_to_stop(struct hob_server *server);
/* Whether hob_server_stop is to be called: somebody asked for that, or a successor listens. */
bool hob_server_is_leaving(const struct hob_server *server);
/* The process that listens in this one's place; 0: none. */
pid_t hob_server_successor(const struct hob_server *server);
/* Milliseconds until the server has been without a request for idle_ms; 0: it is; -1: it never
 * will be. */
int hob_server_idle_left(struct hob_server *server);

/* Stops listening, answers the requests that are open, makes sessions safe, frees everything. False
 * when jobs would not end in time: they are still running, nothing was freed, and the process is to
 * be ended without further ado. */
bool hob_server_stop(struct hob_server *server);

/* For the status route. */
struct hob_server_counts {
    struct hob_cache_counts cache;
    size_t waiting;
    unsigned workers, connections;
    uint64_t requests;
    double uptime_seconds;
    double idle_seconds; /* since the last request was finished; 0 while one is open */
    size_t sessions;
};
void hob_server_count(struct hob_server *server, struct hob_server_counts *counts);

#endif
