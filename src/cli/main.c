/* hob: the command line, linked statically; see run.h. */
#include "cli/run.h"

int main(int argc, char **argv)
{
    struct hob_compute_hook compute = {
        .finish = hob_hand_over_finish, .data = argv, .hand_over = argv};
    return hob_cli_run(argc, argv, &compute);
}
