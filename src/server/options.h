/* options: the command line of hobd. What can be set comes from the rows of server/settings.h that
 * name an option; the few that are there beside them say which file is read, or what to print. */
#ifndef HOB_SERVER_OPTIONS_H
#define HOB_SERVER_OPTIONS_H

#include "server/server.h"
#include "server/settings.h"

struct hob_options {
    struct hob_settings_overrides overrides; /* borrows from the words */
    const char *config;                      /* --config, or NULL */
    const char *ready;                    /* the number of hob_launch_tell's descriptor, or NULL */
    const char *bounded_log;              /* what standard error is, for hob_log_bound */
    bool help, version, routes, settings; /* asked for: print that and end */
};

/* Reads the words of a command line (the first is the program's name; NULL ends them).
 * HOB_E_PARAMETER with what to type instead. Deinit the options in any case. */
int hob_options_parse(struct hob_options *options, char **words, struct hob_error *error);
void hob_options_deinit(struct hob_options *options);
static inline void hob_auto_options(struct hob_options *options)
{
    hob_options_deinit(options);
}
void hob_options_print_help(void);

/* What the server is told of the settings; borrows from them. */
struct hob_server_options hob_options_for_server(const struct hob_settings *settings);
/* Adds the pools, which live in the arena of the settings. */
int hob_options_add_pools(struct hob_server_options *options,
                          const struct hob_settings_read *settings, struct hob_error *error);

#endif
