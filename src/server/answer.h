/* answer: the bodies of answers, and the HTTP statuses that go with them. */
#ifndef HOB_SERVER_ANSWER_H
#define HOB_SERVER_ANSWER_H

#include "server/http.h"
#include "server/routes.h"

/* Says that there is no memory even for the answer; NULL when there is none for that either. */
struct hob_response *hob_answer_no_memory(void);
/* An error as a response, in the route's envelope. `status` 0: what the error's code stands for.
 * A full queue and a lack of memory say when to come back. NULL without memory. */
struct hob_response *hob_answer_error(enum hob_envelope envelope, const struct hob_error *error,
                                      int status);
/* Appends `,"timing":{...}}` for the documented form of requests. */
void hob_answer_put_timing(struct hob_buffer *out, uint64_t started, uint64_t operation_started);

#endif
