/* linger: connections that were answered while their client still sends.
 *
 * A socket that is closed with unread bytes resets the connection, and the client may lose the
 * answer that it has not read yet. So what comes is read and thrown away for a moment. */
#ifndef HOB_SERVER_LINGER_H
#define HOB_SERVER_LINGER_H

struct hob_linger;

/* Never NULL; the owner frees it. */
struct hob_linger *hob_linger_new(void);
/* Lets a connection linger that its owner is about to close: a duplicate is kept. Does nothing when
 * too many linger already. From any thread. */
void hob_linger_take(struct hob_linger *linger, int descriptor);
/* Closes what lingers. Takes NULL, returns NULL. */
struct hob_linger *hob_linger_free(struct hob_linger *linger);

#endif
