/* floor_microhttpd: a bare libmicrohttpd server that answers everything with the body of
 * /api/ping: what any server on that library needs at least. usage: floor_microhttpd PORT */
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"

static char body[] = "{\"status\":\"ok\",\"message\":\"pong\"}";
static struct MHD_Response *response;

static enum MHD_Result on_access(void *context, struct MHD_Connection *connection, const char *path,
                                 const char *method, const char *version, const char *data,
                                 size_t *size, void **slot)
{
    (void)context, (void)path, (void)method, (void)version, (void)data, (void)size;
    /* An answer to the first call, which comes with the headers, would close the connection. */
    if (*slot == NULL) {
        *slot = response;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

int main(int count, char **words)
{
    int port = count > 1 ? atoi(words[1]) : 8100;
    sigset_t signals;
    int number;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    response = MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)hob_platform_cores(), NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    if (hob_platform_cores() < 2)
        pool[0].option = MHD_OPTION_END;
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)port, NULL, NULL, on_access, NULL,
                         MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "floor_microhttpd: cannot listen on port %d\n", port);
        return 1;
    }
    printf("listening on http://127.0.0.1:%d\n", port);
    fflush(stdout);
    sigwait(&signals, &number);
    MHD_stop_daemon(daemon);
    MHD_destroy_response(response);
    return 0;
}
