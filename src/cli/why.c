/* why: `hob why`, how the last `hob run` went. */
#include "base/places.h"
#include "cli/options.h"
#include "cli/output.h"
#include "warm/record.h"

static const struct hob_note why_examples[] = {
    {"hob why", "did the last run use a warm process, and if not, what was in the way"},
    {NULL, NULL},
};

static int run_why(const struct hob_arguments *arguments)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    HOB_AUTO(free) char *folder = hob_places_runtime(&error);
    if (folder == NULL)
        return hob_report(arguments->name, &error);
    if (!hob_warm_record_explain(&output.buffer, folder))
        hob_buffer_put_string(&output.buffer, "Nothing was run with hob run yet.\n");
    return hob_output_finish(&output);
}

const struct hob_command hob_command_why = {
    .name = "why",
    .summary = "tell how the last hob run went",
    .arguments = "",
    .description = "Says whether the last command of hob run, or of a shim, ran from a warm "
                   "process. If it did not, it names the cause; when no warm process fitted, it "
                   "prints in which fields the nearest one differs, the old and the new value.",
    .options = hob_no_options,
    .examples = why_examples,
    .exit_notes = hob_usual_exits,
    .run = run_why,
};
