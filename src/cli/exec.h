/* exec: commands that hob runs in place of somebody else. */
#ifndef HOB_CLI_EXEC_H
#define HOB_CLI_EXEC_H

#include <stdbool.h>

/* When hob was called as a shim: runs what that stands for, and only returns when that fails, with
 * the exit status. False when it was called as itself. */
bool hob_exec_shim(int argc, char **argv, int *status);

#endif
