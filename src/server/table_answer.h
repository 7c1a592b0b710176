/* table_answer: a table as the answer to a request, in the form that the client asked for. */
#ifndef HOB_SERVER_TABLE_ANSWER_H
#define HOB_SERVER_TABLE_ANSWER_H

#include "frame/frame.h"
#include "server/routes.h"

/* What stands around the table when the form is JSON. */
struct hob_table_answer {
    const char *after; /* static: "}" or the like */
    bool timed;        /* the timing goes behind that, and ends the answer */
};

/* Answers with the table, which is taken over (*frame is NULL afterwards); what is to stand before
 * it is in call->out already, and used for JSON only. A table that is more than a megabyte of text
 * is left in call->rest, of which the rest is made while it is being sent. */
int hob_table_answer(struct hob_call *call, struct hob_frame **frame,
                     const struct hob_table_answer *around, struct hob_error *error);

/* A table of which a part has been written. */
struct hob_table_rest;
/* Takes NULL, returns NULL. */
struct hob_table_rest *hob_table_rest_free(struct hob_table_rest *rest);
/* Appends more until `out` holds about `enough` bytes: HOB_WRITER_MORE, 0 at the end, or a negative
 * code. */
int hob_table_rest_step(struct hob_table_rest *rest, struct hob_buffer *out, size_t enough,
                        struct hob_error *error);

#endif
