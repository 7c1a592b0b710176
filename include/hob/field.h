/* field: one field of a talk, or of an interface file. */
#ifndef HOB_FIELD_H
#define HOB_FIELD_H

#include <hob/context.h>

LIBHOB_BEGIN

enum libhob_form {
    LIBHOB_AS_TEXT, /* as `hob field` prints it: a text without quotes; nothing for null */
    LIBHOB_AS_JSON,
};

/* A field of the front matter of a markdown file; else of the first of `configs` that exists (ended
 * by NULL; NULL: _lamd.yml, _config.yml, in the working directory). A field that is nowhere is
 * null, and so is one of a talk that is not there. */
LIBHOB_API int libhob_talk_field(struct libhob_context *context, const char *talk,
                                 const char *field, const char *const *configs,
                                 enum libhob_form form, struct libhob_bytes *out,
                                 struct libhob_error *error);
/* A field of an interface file, inheritance included. LIBHOB_E_KEY when it has none of that name.
 */
LIBHOB_API int libhob_interface_field(struct libhob_context *context, const char *interface,
                                      const char *field, enum libhob_form form,
                                      struct libhob_bytes *out, struct libhob_error *error);

LIBHOB_END

#endif
