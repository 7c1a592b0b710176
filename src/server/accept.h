/* accept: what a client would like to get, from its Accept and Accept-Encoding headers (RFC 9110,
 * 12.4 and 12.5).
 *
 * Of what is offered the client gets what it gave the largest weight. Among equals the one that it
 * named most exactly comes first, then the one that it named earlier, then the one offered earlier.
 * What is malformed in a header counts as not being there. */
#ifndef HOB_SERVER_ACCEPT_H
#define HOB_SERVER_ACCEPT_H

#include "base/text.h"

/* The values of a header that may come in several lines, which together are one list. */
enum { HOB_ACCEPT_LINES = 4 };
struct hob_accept_header {
    struct hob_text lines[HOB_ACCEPT_LINES]; /* further ones are not looked at */
    unsigned count;
};

/* The forms of a table. */
enum hob_form {
    HOB_FORM_JSON, /* the default */
    HOB_FORM_LINES,
    HOB_FORM_CSV,
    HOB_FORM_ARROW,
    HOB_FORMS,
};
enum { HOB_FORM_NONE = -1 };

/* How a body is compressed. */
enum hob_encoding {
    HOB_ENCODING_IDENTITY,
    HOB_ENCODING_GZIP,
    HOB_ENCODING_ZSTD,
    HOB_ENCODINGS,
};

/* "text/csv", as the Accept header names it, and as the Content-Type says it. */
const char *hob_form_type(enum hob_form form);
const char *hob_form_content_type(enum hob_form form);
/* "gzip" */
const char *hob_encoding_name(enum hob_encoding encoding);

/* One of enum hob_form, or HOB_FORM_NONE when the client takes none of them. JSON without a
 * header. */
int hob_accept_form(const struct hob_accept_header *accept);

/* What the client said of one type, such as "text/event-stream". */
struct hob_accept_wish {
    int weight; /* in thousandths; 0: it is not to be sent */
    bool named; /* by its own name, and not only by a range such as any type */
};
struct hob_accept_wish hob_accept_wish_for(const struct hob_accept_header *accept,
                                           const char *type);

/* `available` has a bit for each encoding that there is, such as 1 << HOB_ENCODING_GZIP. What the
 * client has not named is not used; identity when it takes none of what there is. */
enum hob_encoding hob_accept_encoding(const struct hob_accept_header *accept, unsigned available);
/* True when the client said that it takes nothing uncompressed. */
bool hob_accept_refuses_identity(const struct hob_accept_header *accept);

/* True when an If-None-Match header has the entity tag, with its quotes, or "*". */
bool hob_accept_has_tag(const struct hob_accept_header *if_none_match, struct hob_text tag);

#endif
