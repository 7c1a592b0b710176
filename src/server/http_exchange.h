/* http_exchange: requests and their answers on a connection, as libmicrohttpd tells of them; for
 * http.c alone, which starts and stops the daemons. */
#ifndef HOB_SERVER_HTTP_EXCHANGE_H
#define HOB_SERVER_HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "server/door.h"
#include "server/http.h"
#include "server/http_loop.h"
#include "server/linger.h"

enum { HOB_HTTP_IDLE_SECONDS = 3600 /* the common limit of connections that ask nothing */ };

struct hob_http {
    struct hob_http_application application;
    struct hob_http_options options;
    struct hob_linger *linger;
    struct hob_door *door; /* NULL before and after connections are taken */
    int listening;
    atomic_bool draining;
    atomic_uint open_requests;
    atomic_uint connections;            /* from the door on, also those on their way to a loop */
    atomic_uint silent;                 /* those of them that have asked nothing yet */
    _Atomic uint64_t last_used;         /* hob_clock_now: when a request was finished last */
    atomic_size_t max_body, max_bodies; /* may change */
    atomic_size_t body_bytes;           /* in memory now, of all requests */
    unsigned threads, next;             /* `next` is the door's own */
    struct hob_http_loop *loops[];
};

/* Callbacks of libmicrohttpd. The context of the first three is the struct hob_http, of the last
 * one the loop; the slot of a connection, and then of its requests, is its own. */
void *hob_http_exchange_target(void *context, const char *target, struct MHD_Connection *native);
enum MHD_Result hob_http_exchange_access(void *context, struct MHD_Connection *native,
                                         const char *path, const char *method, const char *version,
                                         const char *data, size_t *size, void **slot);
void hob_http_exchange_completed(void *context, struct MHD_Connection *native, void **slot,
                                 enum MHD_RequestTerminationCode code);
void hob_http_exchange_connection(void *context, struct MHD_Connection *native, void **slot,
                                  enum MHD_ConnectionNotificationCode code);

#endif
