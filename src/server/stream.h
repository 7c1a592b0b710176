/* stream: the answer to a request whose body is made while it is being sent. */
#ifndef HOB_SERVER_STREAM_H
#define HOB_SERVER_STREAM_H

#include "server/accept.h"
#include "server/http.h"
#include "server/table_answer.h"

/* Sends what `first` holds (taken over, empty afterwards), and then what is left of the table
 * (taken over). At no time is there more of the body in memory than `first` and a few pieces.
 * NULL without memory. */
struct hob_response *hob_stream_table(struct hob_buffer *first, struct hob_table_rest *rest,
                                      enum hob_form form, enum hob_encoding encoding);

#endif
