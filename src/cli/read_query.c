/* read_query: see read_query.h. */
#include "cli/read_query.h"

#include "base/number.h"
#include "compute/query.h"
#include "compute/where.h"

/* All values of an option, in the arena; the texts are borrowed from the command line. */
static struct hob_texts values_of(const struct hob_arguments *arguments, const char *option,
                                  struct hob_arena *arena)
{
    size_t count;
    HOB_AUTO(free) const char **values = hob_arguments_values(arguments, option, &count);
    struct hob_text *items = hob_arena_alloc(arena, (count + 1) * sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = hob_text_from(values[i]);
    return (struct hob_texts){items, count};
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
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    uint64_t limit = 0;
    check_limit(arguments, &limit);
    struct hob_query query = {
        .where = values_of(arguments, "where", arena),
        .group = values_of(arguments, "group", arena),
        .count = hob_arguments_has(arguments, "count"),
        .sum = values_of(arguments, "sum", arena),
        .mean = values_of(arguments, "mean", arena),
        .min = values_of(arguments, "min", arena),
        .max = values_of(arguments, "max", arena),
        .sort = values_of(arguments, "sort", arena),
        .limited = hob_arguments_has(arguments, "limit"),
        .limit = limit,
        .select = values_of(arguments, "select", arena),
    };
    return hob_query_is_empty(&query) ? 0 : hob_query_apply(&query, frame, error);
}
