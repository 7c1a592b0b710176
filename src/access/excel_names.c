/* excel_names: see excel_names.h. The names that are there come first, so that they keep what they
 * are called when a name that is made up is the same. */
#include "access/excel_names.h"

#include "value/python.h"

struct naming {
    struct hob_arena *arena;
    const struct hob_value **names;
    struct hob_value *seen;    /* name -> the number that its next repetition gets */
    struct hob_value *present; /* name -> columns that have it now */
    bool failed;
};

static int64_t number_of(const struct hob_value *map, const struct hob_value *name)
{
    const struct hob_value *number = hob_value_get_key(map, name);
    return number == NULL ? 0 : number->integer;
}

static void set_number(struct naming *naming, struct hob_value *map, const struct hob_value *name,
                       int64_t number)
{
    if (!hob_value_put(naming->arena, map, name, hob_value_new_int(naming->arena, number)))
        naming->failed = true;
}

static const struct hob_value *numbered(struct naming *naming, const struct hob_value *name,
                                        int64_t number)
{
    HOB_AUTO(buffer) struct hob_buffer spelled = HOB_BUFFER_INIT;
    hob_python_str(&spelled, name);
    hob_buffer_printf(&spelled, ".%lld", (long long)number);
    return hob_value_new_string(naming->arena, hob_buffer_text(&spelled));
}

static void tell_apart(struct naming *naming, size_t i)
{
    const struct hob_value *original = naming->names[i], *name = original;
    int64_t times = number_of(naming->seen, name);
    while (times > 0 && !naming->failed) {
        set_number(naming, naming->seen, original, times + 1);
        name = numbered(naming, original, times);
        times = number_of(naming->present, name) > 0 ? times + 1 : number_of(naming->seen, name);
    }
    if (name != original) {
        set_number(naming, naming->present, original, number_of(naming->present, original) - 1);
        set_number(naming, naming->present, name, number_of(naming->present, name) + 1);
    }
    naming->names[i] = name;
    set_number(naming, naming->seen, name, times + 1);
}

/* Numbers with a fraction among them make floats of all, as in an index of pandas. */
static void level_numbers(struct naming *naming, size_t count)
{
    bool fractions = false;
    for (size_t i = 0; i < count; i++) {
        if (naming->names[i]->kind != HOB_INT && naming->names[i]->kind != HOB_DOUBLE)
            return;
        fractions = fractions || naming->names[i]->kind == HOB_DOUBLE;
    }
    for (size_t i = 0; fractions && i < count; i++)
        if (naming->names[i]->kind == HOB_INT)
            naming->names[i] =
                hob_value_new_double(naming->arena, (double)naming->names[i]->integer);
}

bool hob_excel_name_columns(struct hob_arena *arena, const struct hob_value **names,
                            const struct hob_value **written, size_t count)
{
    struct naming naming = {.arena = arena, .names = names};
    bool *made_up = hob_arena_try_alloc(arena, count + 1);
    if (made_up == NULL)
        return false;
    naming.seen = hob_value_new(arena, HOB_MAP);
    naming.present = hob_value_new(arena, HOB_MAP);
    for (size_t i = 0; i < count; i++) {
        made_up[i] = names[i] == NULL;
        if (made_up[i])
            names[i] = hob_value_new_string(
                arena, hob_text_from(hob_arena_printf(arena, "Unnamed: %zu", i)));
        set_number(&naming, naming.present, names[i], number_of(naming.present, names[i]) + 1);
        written[i] = names[i];
    }
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < count; i++)
            if (made_up[i] == (round == 1))
                tell_apart(&naming, i);
    level_numbers(&naming, count);
    return !naming.failed;
}
