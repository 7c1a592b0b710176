/* hints: see hints.h. */
#include "session/hints.h"

#include <string.h>

static const struct {
    const char *api, *command;
} hints[] = {
#define X(name, api, command) [HOB_SESSION_HINT_##name] = {api, command},
    HOB_SESSION_HINTS(X)
#undef X
};

void hob_session_hint(struct hob_error *error, enum hob_session_hint hint)
{
    hob_error_hint(error, "%s", hints[hint].api);
}

void hob_session_hint_translate(struct hob_error *error)
{
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        if (strcmp(error->hint, hints[i].api) != 0)
            continue;
        hob_error_hint(error, "%s", hints[i].command);
        return;
    }
}
