/* read_query: see read_query.h. */
#include "cli/read_query.h"

#include "base/number.h"
#include "compute/query.h"
#include "compute/where.h"

/* All values of an option; the texts are borrowed from the command line, the array is the caller's.
 */
static struct hob_text *take_lists(const struct hob_arguments *arguments, const char *option,
                                   struct hob_texts *lists)
{
    HOB_AUTO(free)
    const char **values = hob_arguments_values(arguments, option, &lists->count);
    struct hob_text *items = hob_alloc_zero(lists->count + 1, sizeof *items);
    for (size_t i = 0; i < lists->count; i++)
        items[i] = hob_text_from(values[i]);
    lists->items = items;
    return items;
}

static int check_limit(const struct hob_arguments *arguments, uint64_t *limit)
{
    const char *given = hob_arguments_value(arguments, "limit");
    if (given == NULL || hob_number_parse_unsigned(hob_text_from(given), limit) == 0)
        return 0;
    return hob_arguments_wrong(arguments, "--limit cannot be '%s': it is a whole number", given);
}

static int check_where(const struct hob_arguments *arguments)
{
    size_t count;
    HOB_AUTO(free) const char **values = hob_arguments_values(arguments, "where", &count);
    for (size_t i = 0; i < count; i++) {
        HOB_AUTO(where) struct hob_where *where = NULL;
        struct hob_error error = HOB_ERROR_INIT;
        if (hob_where_parse(&where, hob_text_from(values[i]), &error) < 0)
            return hob_arguments_wrong(arguments, "--where: %s", error.message);
    }
    return 0;
}

int hob_read_query_check(const struct hob_arguments *arguments)
{
    uint64_t limit;
    int wrong = check_limit(arguments, &limit);
    return wrong != 0 ? wrong : check_where(arguments);
}

int hob_read_query(const struct hob_arguments *arguments, struct hob_frame **frame,
                   struct hob_error *error)
{
    struct hob_query query = {
        .count = hob_arguments_has(arguments, "count"),
        .limited = hob_arguments_has(arguments, "limit"),
    };
    HOB_AUTO(free) struct hob_text *where = take_lists(arguments, "where", &query.where);
    HOB_AUTO(free) struct hob_text *group = take_lists(arguments, "group", &query.group);
    HOB_AUTO(free) struct hob_text *sum = take_lists(arguments, "sum", &query.sum);
    HOB_AUTO(free) struct hob_text *mean = take_lists(arguments, "mean", &query.mean);
    HOB_AUTO(free) struct hob_text *min = take_lists(arguments, "min", &query.min);
    HOB_AUTO(free) struct hob_text *max = take_lists(arguments, "max", &query.max);
    HOB_AUTO(free) struct hob_text *sort = take_lists(arguments, "sort", &query.sort);
    HOB_AUTO(free) struct hob_text *select = take_lists(arguments, "select", &query.select);
    uint64_t limit = 0;
    check_limit(arguments, &limit);
    query.limit = limit;
    return hob_query_is_empty(&query) ? 0 : hob_query_apply(&query, frame, error);
}
