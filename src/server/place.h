/* place: where the relative paths of one request start, and what it may touch there.
 *
 * A client of the unix socket may say from which directory it asks (X-Hob-Directory); that is then
 * the working directory of the thread that answers, and a root for this request alone. One daemon
 * so serves its owner's clients wherever they are. */
#ifndef HOB_SERVER_PLACE_H
#define HOB_SERVER_PLACE_H

#include "config/roots.h"
#include "server/http.h"

struct hob_server;

struct hob_place {
    struct hob_text directory; /* as the client named it; empty: the server's own */
    int home, here;            /* where to go back to, and where this is; -1: never left */
    struct hob_roots *owned;   /* hob_place_roots made them */
};

#define HOB_PLACE_INIT                                                                             \
    {                                                                                              \
        .home = -1, .here = -1                                                                     \
    }

/* Goes to where the request comes from, and fills *place. HOB_E_FORBIDDEN when it may not say so,
 * HOB_E_PARAMETER for what is no absolute path; or what is wrong with the directory. */
int hob_place_enter(struct hob_place *place, const struct hob_server *server,
                    const struct hob_http_request *request, struct hob_error *error);
/* Goes to a directory that was told before by who may, NULL: the server's own. */
int hob_place_enter_directory(struct hob_place *place, const struct hob_server *server,
                              const char *directory, struct hob_error *error);
/* What may be touched there: `above`, which must outlive the place, and the directory itself. */
const struct hob_roots *hob_place_roots(struct hob_place *place, const struct hob_roots *above);
/* Goes to the server's own directory for what is left of the request: no path that the client named
 * may be looked at afterwards. */
int hob_place_go_home(const struct hob_server *server, struct hob_error *error);
/* Goes back to the server's own directory, and frees what the place has. */
void hob_place_leave(struct hob_place *place);
static inline void hob_auto_place(struct hob_place *place)
{
    hob_place_leave(place);
}

#endif
