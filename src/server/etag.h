/* etag: what tells one state of an answer from another without looking at the answer. */
#ifndef HOB_SERVER_ETAG_H
#define HOB_SERVER_ETAG_H

#include "config/sources.h"

enum { HOB_ETAG_SIZE = 40 };

/* Writes the strong entity tag, with its quotes, of the answer that a route gives to a body:
 * derived from the body, the variant (form and encoding), the identity of every file that it was
 * made from, this version of hob and the environment, which files may refer to. False, and an empty
 * text, when one of the files may have changed unnoticed: there is no tag then. */
bool hob_etag_make(char out[HOB_ETAG_SIZE], const char *route, struct hob_text body,
                   unsigned variant, const struct hob_sources *sources);

#endif
