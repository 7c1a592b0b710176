/* excel_absent: type excel in a build without zlib or expat. */
#include "access/formats.h"

static int refuse(struct hob_error *error)
{
    hob_error_set(error, HOB_E_UNSUPPORTED, "this build of hob has no support for type excel");
    hob_error_hint(error, "build it where zlib and expat are installed (scripts/packages.txt names "
                          "the packages), or save the table as csv");
    return HOB_E_UNSUPPORTED;
}

int hob_excel_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                        const struct hob_value *flow, struct hob_error *error)
{
    (void)frame, (void)scope, (void)flow;
    return refuse(error);
}

int hob_excel_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                         const struct hob_frame *frame, struct hob_error *error)
{
    (void)scope, (void)flow, (void)frame;
    return refuse(error);
}
