/* reference: the description of all routes, made from their tables, so that it cannot drift. */
#ifndef HOB_SERVER_REFERENCE_H
#define HOB_SERVER_REFERENCE_H

#include "base/buffer.h"

/* For programs: OpenAPI 3.1, as JSON. */
void hob_reference_put_openapi(struct hob_buffer *out);
/* For people: docs/http-api.md. */
void hob_reference_put_markdown(struct hob_buffer *out);

#endif
