/* xml: reading XML piece by piece; the adapter of expat. */
#ifndef HOB_ACCESS_XML_H
#define HOB_ACCESS_XML_H

#include "base/error.h"
#include "base/text.h"

/* What is told of a document. Names come without their namespace prefix. A negative result ends
 * the reading and is its result. */
struct hob_xml_events {
    int (*start)(void *user, const char *name, const char *const *attributes,
                 struct hob_error *error);
    int (*end)(void *user, const char *name, struct hob_error *error);
    int (*text)(void *user, struct hob_text text, struct hob_error *error); /* in any pieces */
};

struct hob_xml;

/* `events` and `user` must live as long as the reader. NULL without memory. */
struct hob_xml *hob_xml_new(const struct hob_xml_events *events, void *user);
struct hob_xml *hob_xml_free(struct hob_xml *xml);
static inline void hob_auto_xml(struct hob_xml **xml)
{
    hob_xml_free(*xml);
}

/* Reads the next piece; `last` with the last one, which may be empty. HOB_E_VALUE for what is
 * malformed, or has a DOCTYPE (entities can multiply); HOB_E_LIMIT for elements deeper than 200 or
 * a single tag longer than 1 MiB. */
int hob_xml_put(struct hob_xml *xml, struct hob_text piece, bool last, struct hob_error *error);

/* The value of the attribute of that name (without prefix), or NULL. */
const char *hob_xml_attribute(const char *const *attributes, const char *name);

#endif
