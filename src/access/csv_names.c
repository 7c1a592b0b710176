/* csv_names: column names from the cells of the header line.
 *
 * Empty names become "Unnamed: 3". Of repeated names the first stays, later ones become "name.1",
 * "name.2"..., passing over texts that the header has already; the names that were given are gone
 * through before those that were made up. */
#include "access/csv_internal.h"

#include "base/map.h"

struct naming {
    struct hob_arena *arena;
    struct hob_text *names;
    size_t count;
    struct hob_map *seen;    /* name -> how often, as a pointer */
    struct hob_map *present; /* name -> columns that have it now */
};

static uintptr_t count_of(const struct hob_map *map, struct hob_text name)
{
    return (uintptr_t)hob_map_get(map, name);
}

static bool set_count(struct hob_map *map, struct hob_text name, uintptr_t count)
{
    return hob_map_put(map, name, (void *)count); // NOLINT: a number kept in a pointer
}

static bool has_repeats(struct naming *naming)
{
    for (size_t i = 0; i < naming->count; i++) {
        uintptr_t columns = count_of(naming->present, naming->names[i]);
        set_count(naming->present, naming->names[i], columns + 1);
    }
    return hob_map_count(naming->present) < naming->count;
}

static void tell_apart(struct naming *naming, size_t i)
{
    struct hob_text original = naming->names[i], name = original;
    uintptr_t times = count_of(naming->seen, name);
    while (times > 0) {
        set_count(naming->seen, original, times + 1);
        name = hob_text_from(hob_arena_printf(naming->arena, "%.*s.%zu", (int)original.size,
                                              original.data, (size_t)times));
        if (count_of(naming->present, name) > 0)
            times++;
        else
            times = count_of(naming->seen, name);
    }
    if (!hob_text_equal(name, original)) {
        set_count(naming->present, original, count_of(naming->present, original) - 1);
        set_count(naming->present, name, count_of(naming->present, name) + 1);
    }
    naming->names[i] = name;
    set_count(naming->seen, name, times + 1);
}

static void tell_all_apart(struct naming *naming, const struct hob_csv_cell *cells)
{
    naming->present = hob_map_new();
    naming->seen = hob_map_new();
    if (has_repeats(naming)) {
        for (size_t i = 0; i < naming->count; i++)
            if (cells[i].size > 0)
                tell_apart(naming, i);
        for (size_t i = 0; i < naming->count; i++)
            if (cells[i].size == 0)
                tell_apart(naming, i);
    }
    hob_map_free(naming->present);
    hob_map_free(naming->seen);
}

/* True when a comparison of each with each shows that all differ; only tried for few. */
static bool surely_differ(const struct hob_text *names, size_t count)
{
    if (count > 32)
        return false;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (hob_text_equal(names[i], names[j]))
                return false;
    return true;
}

static const struct hob_value **values_of(const struct naming *naming)
{
    const struct hob_value **values =
        hob_arena_try_alloc(naming->arena, naming->count * sizeof *values);
    for (size_t i = 0; values != NULL && i < naming->count; i++)
        values[i] = hob_value_new_string_borrowed(naming->arena, naming->names[i]);
    return values;
}

bool hob_csv_names(struct hob_arena *arena, const struct hob_csv_cell *cells, size_t count,
                   const struct hob_value ***names, const struct hob_value ***written)
{
    struct naming naming = {.arena = arena, .count = count};
    naming.names = hob_arena_try_alloc(arena, count * sizeof *naming.names);
    if (naming.names == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct hob_text text = {cells[i].data, cells[i].size};
        if (text.size > 0)
            naming.names[i] = hob_arena_copy(arena, text);
        else
            naming.names[i] = hob_text_from(hob_arena_printf(arena, "Unnamed: %zu", i));
    }
    *written = *names = values_of(&naming);
    if (*names == NULL || surely_differ(naming.names, count))
        return *names != NULL;
    tell_all_apart(&naming, cells);
    *names = values_of(&naming);
    return *names != NULL;
}
