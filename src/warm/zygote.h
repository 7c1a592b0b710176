/* zygote: finding a process to fork from, and whether what it has loaded is still what is on disk.
 *
 * A zygote's files lie in the runtime directory, named by its key: `.key` the text of the key,
 * `.files` what it loaded, `.sock` where it listens, `.lock` held as long as it lives. */
#ifndef HOB_WARM_ZYGOTE_H
#define HOB_WARM_ZYGOTE_H

#include "warm/key.h"

/* The path of a file of the zygote: kind is "sock", "files"...; malloc'd. */
char *hob_warm_zygote_path(const char *folder, const char *name, const char *kind);

enum hob_warm_state {
    HOB_WARM_READY,
    HOB_WARM_ABSENT, /* nobody listens */
    HOB_WARM_STALE,  /* something that it loaded has changed since */
    HOB_WARM_DEAF,   /* it does not answer in time, or the request can't be made */
};

struct hob_warm_zygote {
    int connection; /* to the child that waits for the request; owned, -1 when not ready */
    int child;      /* its pidfd; owned */
    int pid;        /* the child's, as the zygote knows it */
    char why[512];  /* what is wrong when it is not ready */
};

#define HOB_WARM_ZYGOTE_INIT                                                                       \
    {                                                                                              \
        .connection = -1, .child = -1                                                              \
    }

/* What a zygote's child is asked: fields, each ended by NUL, and descriptors. */
struct hob_warm_request {
    struct hob_text fields;
    const int *descriptors;
    size_t count;
};

/* Connects, checks the files while a child accepts and, if there is a request, prepares what is
 * asked for, and waits until that child is there: all of it within 250 ms. */
enum hob_warm_state hob_warm_zygote_find(struct hob_warm_zygote *zygote, const char *folder,
                                         const struct hob_warm_key *key,
                                         const struct hob_warm_request *request);

/* Lets the child begin with the run that it was asked for. False when it is gone or has refused,
 * and so nothing was run; zygote->why says which. */
bool hob_warm_zygote_begin(struct hob_warm_zygote *zygote);
/* The rest of a report 'R', into zygote->why: its number is the size of the reason. */
void hob_warm_zygote_read_refusal(struct hob_warm_zygote *zygote, int size);
void hob_warm_zygote_deinit(struct hob_warm_zygote *zygote);
static inline void hob_auto_warm_zygote(struct hob_warm_zygote *zygote)
{
    hob_warm_zygote_deinit(zygote);
}

/* The first file that has changed since the manifest was written, or NULL: the text is a manifest
 * in memory. "" when the manifest itself is damaged. */
const char *hob_warm_manifest_check(struct hob_text manifest);

/* Tells a zygote to end when its runs have; false when nobody listens there. */
bool hob_warm_zygote_stop(const char *folder, const char *name);
/* Asks a zygote about itself: lines "pid 12", "served 3"; false when nobody answers. */
bool hob_warm_zygote_ask(const char *folder, const char *name, struct hob_buffer *answer);

/* The names of all zygotes that have a file of this kind here ("": any); to be freed by the caller
 * with the function below. */
void hob_warm_zygote_list(const char *folder, const char *kind, struct hob_warm_names *names);
void hob_warm_zygote_list_free(struct hob_warm_names *names);

/* A whole file of a zygote: "key", "files". */
bool hob_warm_zygote_read(const char *folder, const char *name, const char *kind,
                          struct hob_buffer *out);

/* What a child or zygote says: a letter and a number; and a descriptor, or -1 (owned by the
 * caller). */
struct hob_warm_report {
    char letter; /* 'P' the pid, 'R' refused, 'S' stopped, 'E' ended; 0: it is gone */
    int number;
    int descriptor;
};

/* Waits up to `milliseconds` (-1: for ever); false when the time is over. */
bool hob_warm_report_read(int connection, struct hob_warm_report *report, int milliseconds);

#endif
