/* presence: files that tell others of this server: the pid file beside its unix socket, and the
 * lock file by which lynguine's tools know that a server has a port.
 *
 * Both hold the process number. hob itself never believes them: whether a server lives is seen by
 * connecting to it. So what a killed server left is no hindrance, and is replaced. */
#ifndef HOB_SERVER_PRESENCE_H
#define HOB_SERVER_PRESENCE_H

#include <stdint.h>
#include <sys/types.h>

/* "hobd.pid" for "hobd.sock"; for other names the socket's with ".pid" behind it. malloc'd. */
char *hob_presence_pid_path(const char *socket_path);
/* lynguine-server-HOST-PORT.lock in the directory for temporary files. malloc'd. */
char *hob_presence_lock_path(const char *host, uint16_t port);

/* Writes this process's number into the file, in place of an older one; what cannot be done is
 * logged. */
void hob_presence_put(const char *path);
/* Removes the file if it speaks of this process. Takes NULL. */
void hob_presence_remove(const char *path);
/* The process that a file speaks of, if it runs and is a server of lynguine's or hob's; else 0. */
pid_t hob_presence_server_of(const char *path);

#endif
