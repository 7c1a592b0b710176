/* xml: see xml.h.
 *
 * Nothing that a document says makes the reader use much more memory than the document: a DOCTYPE
 * (entities) is refused, and so are very deep nesting and very long tags, which expat would keep.
 */
#include "access/xml.h"

#include <expat.h>

#include "base/memory.h"

enum { MAX_DEPTH = 200, MAX_TAG = 1 << 20 };

struct hob_xml {
    XML_Parser parser;
    const struct hob_xml_events *events;
    void *user;
    struct hob_error *error; /* of the call that is going on */
    int result;
    unsigned depth;
    size_t since_event; /* bytes read since something was told */
};

static const char *without_prefix(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon != NULL ? colon + 1 : name;
}

const char *hob_xml_attribute(const char *const *attributes, const char *name)
{
    for (; attributes[0] != NULL; attributes += 2)
        if (strcmp(without_prefix(attributes[0]), name) == 0)
            return attributes[1];
    return NULL;
}

static void conclude(struct hob_xml *xml, int result)
{
    xml->since_event = 0;
    if (result < 0 && xml->result == 0) {
        xml->result = result;
        XML_StopParser(xml->parser, XML_FALSE);
    }
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct hob_xml *xml = user;
    if (xml->result < 0)
        return;
    if (++xml->depth > MAX_DEPTH) {
        conclude(xml, hob_error_set(xml->error, HOB_E_LIMIT, "elements are nested deeper than %d",
                                    (int)MAX_DEPTH));
        return;
    }
    conclude(xml, xml->events->start(xml->user, without_prefix(name),
                                     (const char *const *)attributes, xml->error));
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    struct hob_xml *xml = user;
    xml->depth--;
    if (xml->result == 0)
        conclude(xml, xml->events->end(xml->user, without_prefix(name), xml->error));
}

static void XMLCALL on_text(void *user, const XML_Char *data, int size)
{
    struct hob_xml *xml = user;
    if (xml->result == 0)
        conclude(xml,
                 xml->events->text(xml->user, (struct hob_text){data, (size_t)size}, xml->error));
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int has_internal)
{
    struct hob_xml *xml = user;
    (void)name, (void)system, (void)public, (void)has_internal;
    conclude(xml, hob_error_set(xml->error, HOB_E_VALUE, "a DOCTYPE has no place here"));
}

struct hob_xml *hob_xml_new(const struct hob_xml_events *events, void *user)
{
    XML_Parser parser = XML_ParserCreate(NULL);
    if (parser == NULL)
        return NULL;
    struct hob_xml *xml = hob_alloc_zero(1, sizeof *xml);
    *xml = (struct hob_xml){.parser = parser, .events = events, .user = user};
    XML_SetUserData(parser, xml);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetStartDoctypeDeclHandler(parser, on_doctype);
    return xml;
}

struct hob_xml *hob_xml_free(struct hob_xml *xml)
{
    if (xml != NULL) {
        XML_ParserFree(xml->parser);
        free(xml);
    }
    return NULL;
}

static int malformed(const struct hob_xml *xml, struct hob_error *error)
{
    enum XML_Error code = XML_GetErrorCode(xml->parser);
    if (code == XML_ERROR_NO_MEMORY)
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory");
    return hob_error_set(error, HOB_E_VALUE, "not well-formed XML: %s (line %lu)",
                         XML_ErrorString(code),
                         (unsigned long)XML_GetCurrentLineNumber(xml->parser));
}

int hob_xml_put(struct hob_xml *xml, struct hob_text piece, bool last, struct hob_error *error)
{
    xml->error = error;
    xml->since_event += piece.size;
    enum XML_Status status = XML_Parse(xml->parser, piece.data, (int)piece.size, last);
    if (xml->result < 0)
        return xml->result;
    if (status != XML_STATUS_OK)
        return malformed(xml, error);
    if (xml->since_event > MAX_TAG)
        return hob_error_set(error, HOB_E_LIMIT, "a single tag is longer than %d MiB",
                             MAX_TAG >> 20);
    return 0;
}
