/* places: the two directories that are hob's own, and where its programs are.
 *
 * The runtime directory holds sockets and locks, and is gone after a restart of the machine; the
 * state directory holds what must survive. Nothing is written anywhere else unless asked. */
#ifndef HOB_BASE_PLACES_H
#define HOB_BASE_PLACES_H

#include "base/error.h"

/* $XDG_RUNTIME_DIR/hob; /tmp/hob-UID where there is none, or it is another user's. The directory is
 * made; it must belong to this user, who alone may enter it (HOB_E_PERMISSION otherwise). malloc'd;
 * NULL with *error filled. */
char *hob_places_runtime(struct hob_error *error);
/* The name of something in the runtime directory, as above: "hobd.sock". */
char *hob_places_runtime_file(const char *name, struct hob_error *error);

/* Makes a directory, and those above it, for this user alone; it may be there already. */
int hob_places_make(const char *directory, struct hob_error *error);
/* The same for whoever the umask allows. */
int hob_places_make_shared(const char *directory, struct hob_error *error);

/* What follows the last slash. */
const char *hob_places_base_name(const char *path);

/* Whether a state directory is this user's alone to write to: HOB_E_PERMISSION if others could put
 * files of theirs into it. Reading it does not matter here: what is in it is not for others. */
int hob_places_check_writers(int descriptor, const char *directory, struct hob_error *error);

/* Where a program of hob's is: beside this one (as in a build tree), else in $PATH. malloc'd; NULL
 * when it is nowhere. */
char *hob_places_program(const char *name);

/* Where something is that is installed in hob's libexec directory ("hob-full", "warm"): beside this
 * program, in the libexec directory of the prefix in which this program lies (a tree may be moved
 * as a whole, and programs be called through links), else where it was to be installed. malloc'd;
 * NULL when it is nowhere. */
char *hob_places_libexec(const char *name);

/* `wanted` if it is not NULL, else $HOB_STATE, else $XDG_STATE_HOME/hob, else ~/.local/state/hob;
 * the directory need not be there. malloc'd; NULL for "none", when there is no home, or when
 * $HOB_STATE would decide and is relative: commands and servers run in different directories, and
 * would not mean the same. */
char *hob_places_state(const char *wanted);
/* HOB_E_PARAMETER for such a relative $HOB_STATE. */
int hob_places_check_state(struct hob_error *error);
/* Whether this user can make things in the directory, which is there or can be made: 0, or the
 * errno of what is in the way. */
int hob_places_try(const char *directory);

#endif
