/* unset: see unset.h. */
#include "server/unset.h"

#include "base/places.h"
#include "base/platform.h"

enum {
    MAX_CONNECTIONS = 16384,
    SPARE_DESCRIPTORS = 128, /* for files, while all connections are in use */
    FEWEST_WORKERS = 4
};

unsigned hob_unset_threads(void)
{
    return hob_platform_cores();
}

unsigned hob_unset_workers(void)
{
    unsigned workers = hob_platform_cores() * 2;
    return workers < FEWEST_WORKERS ? FEWEST_WORKERS : workers;
}

unsigned hob_unset_connections(void)
{
    size_t descriptors = hob_platform_raise_descriptor_limit();
    size_t room =
        descriptors > 2 * SPARE_DESCRIPTORS ? descriptors - SPARE_DESCRIPTORS : descriptors / 2;
    return room < MAX_CONNECTIONS ? (unsigned)room : MAX_CONNECTIONS;
}

/* "none" stands for a place that there is not. */
static const char *text_of(struct hob_arena *arena, const char *path)
{
    return path != NULL ? hob_arena_copy(arena, hob_text_from(path)).data : "none";
}

void hob_unset_fill(struct hob_settings *settings, struct hob_arena *arena)
{
    HOB_AUTO(free) char *socket = hob_places_runtime_file("hobd.sock", NULL);
    HOB_AUTO(free) char *state = hob_places_state(NULL);
    if (settings->listen.socket == NULL)
        settings->listen.socket = text_of(arena, socket);
    if (settings->listen.threads == 0)
        settings->listen.threads = hob_unset_threads();
    if (settings->listen.connections == 0)
        settings->listen.connections = hob_unset_connections();
    if (settings->work.threads == 0)
        settings->work.threads = hob_unset_workers();
    if (settings->sessions.state == NULL)
        settings->sessions.state = text_of(arena, state);
    if (settings->log.file == NULL)
        settings->log.file = "none";
}
