/* options: what hobd can be told on its command line; one table, of which the help is made. */
#ifndef HOB_SERVER_OPTIONS_H
#define HOB_SERVER_OPTIONS_H

#include "base/log.h"
#include "server/server.h"

enum { HOB_OPTIONS_MAX_ROOTS = 64 };

struct hob_options {
    struct hob_server_options server; /* borrows from the words, and from `roots` */
    const char *roots[HOB_OPTIONS_MAX_ROOTS];
    const char *log_file; /* NULL: stderr */
    int ready;            /* descriptor for hob_launch_tell; -1: none */
    enum hob_log_level log_level;
    bool help, version, routes; /* asked for: print that and end */
};

/* Reads the words of a command line (the first is the program's name; NULL ends them). The options
 * must stay where they are afterwards. HOB_E_PARAMETER with what to type instead. */
int hob_options_parse(struct hob_options *options, char **words, struct hob_error *error);
void hob_options_print_help(void);

#endif
