/* hob-full: the command line with everything in it; see run.h. */
#include "cli/list.h"
#include "cli/pool_function.h"
#include "cli/run.h"
#include "cli/shell.h"
#include "compute/compute.h"

int main(int argc, char **argv)
{
    HOB_AUTO(compute) struct hob_compute *own = hob_compute_new();
    HOB_AUTO(pool_link) struct hob_pool_link link = {0};
    hob_compute_set_remote(own,
                           &(struct hob_compute_remote){.call = hob_pool_link_call, .data = &link});
    /* A result with holes must not take the place of a good file. */
    hob_compute_set_strict(own);
    struct hob_compute_hook compute = {
        .finish = hob_compute_finish,
        .data = own,
        .run_list = hob_list_command,
        .run_shell = hob_shell_command,
        .put_functions = hob_list_put_functions,
    };
    return hob_cli_run(argc, argv, &compute);
}
