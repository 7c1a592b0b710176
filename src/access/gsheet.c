/* gsheet: flows of type gsheet, which are known and refused: a Google sheet needs credentials and a
 * client library, which hob has no part in. */
#include "access/formats.h"

static int refuse(struct hob_error *error)
{
    hob_error_set(error, HOB_E_UNSUPPORTED, "hob has no client for Google Sheets (type gsheet)");
    hob_error_hint(error,
                   "a pool of Python workers with the google client can serve it; or download "
                   "the sheet as .xlsx and use `type: excel`");
    return HOB_E_UNSUPPORTED;
}

int hob_gsheet_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                         const struct hob_value *flow, struct hob_error *error)
{
    (void)frame, (void)scope, (void)flow;
    return refuse(error);
}

int hob_gsheet_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                          const struct hob_frame *frame, struct hob_error *error)
{
    (void)scope, (void)flow, (void)frame;
    return refuse(error);
}
