/* list: `hob list` and `mdlist` where templates cannot be rendered: hands over to the program that
 * does (run.h). */
#include "cli/options.h"
#include "cli/output.h"

int hob_run_list(const struct hob_arguments *arguments)
{
    struct hob_error error = HOB_ERROR_INIT;
    if (arguments->compute->hand_over == NULL)
        return arguments->compute->run_list(arguments);
    hob_hand_over(arguments->compute->hand_over, &error);
    return hob_report(arguments->name, &error);
}
