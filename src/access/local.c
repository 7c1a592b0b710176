/* local: the data stands in the flow itself. */
#include "access/formats.h"
#include "frame/build.h"

int hob_local_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                        const struct hob_value *flow, struct hob_error *error)
{
    (void)scope;
    static const char *const doing =
        "Could not create data frame from details specified in \"local\" entry";
    const struct hob_value *data = hob_value_get(flow, "data");
    if (data == NULL)
        return hob_error_set(error, HOB_E_VALUE, "%s. Missing key 'data'.", doing);
    int result = hob_frame_from_value(frame, data, HOB_BUILD_SCALARS_ARE_ROW, NULL, error);
    return result < 0 ? hob_error_context(error, "%s", doing) : 0;
}
