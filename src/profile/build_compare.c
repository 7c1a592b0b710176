/* build_compare: what a build would save: what its calls take, beside what was measured now in
 * their place. Nothing of the build is run again, save commands that hob has itself and that only
 * print.
 */
#include "profile/build.h"
#include "profile/call_floor.h"
#include "profile/stage.h"

enum { MOST_NATIVE_GROUPS = 8, MOST_WORDS = 256, LEARNING_RUNS = 2, CALLS = 200 };

struct comparing {
    struct hob_build *build;
    const struct hob_build_replacements *replacements;
    struct hob_stage stage;
    struct hob_error *error;
};

static void add_saving(struct comparing *c, enum hob_rival_kind kind,
                       const struct hob_build_group *group, double before, double after,
                       const char *note)
{
    struct hob_build *build = c->build;
    double total = (before - after) * (double)group->calls;
    double side_by_side = group->covered > 0 ? group->time / group->covered : 1;
    build->savings[build->saving_count++] = (struct hob_build_saving){
        .kind = kind,
        .group = group,
        .before = before,
        .after = after,
        .total = total,
        .whole = total / (side_by_side > 1 ? side_by_side : 1),
        .note = note,
    };
}

static int run_often(struct comparing *c, const char *const *arguments, unsigned learning,
                     struct hob_times *times)
{
    for (unsigned i = 0; i < c->replacements->runs + learning; i++) {
        struct hob_stage_run run;
        int code = hob_stage_run(&c->stage, arguments, NULL, &run, c->error);
        if (code != 0)
            return code;
        if (i >= learning)
            hob_times_add(times, run.whole);
    }
    hob_times_sort(times);
    return 0;
}

static const char *native_command(const struct hob_build_replacements *replacements,
                                  const char *program)
{
    for (const char *const *at = replacements->native; *at != NULL; at += 2)
        if (strcmp(at[0], program) == 0)
            return at[1];
    return NULL;
}

static int compare_native(struct comparing *c, const struct hob_build_group *group)
{
    struct hob_text rest;
    const char *words[MOST_WORDS + 4];
    size_t count = 0;
    const char *program = hob_build_program(group->line, &rest);
    const char *command = native_command(c->replacements, program);
    if (command == NULL || group->pythons == 0)
        return 0;
    words[count++] = c->replacements->program;
    words[count++] = command;
    while (rest.size > 0 && count < MOST_WORDS) {
        size_t size = strnlen(rest.data, rest.size) + 1;
        words[count++] = rest.data;
        size = size < rest.size ? size : rest.size;
        rest = (struct hob_text){rest.data + size, rest.size - size};
    }
    words[count] = NULL;
    struct hob_times times = {0};
    int code = run_often(c, words, 1, &times);
    if (code == 0)
        add_saving(c, HOB_RIVAL_NATIVE, group, group->time / (double)group->calls,
                   hob_times_median(&times),
                   "hob's own command, measured with the words of the "
                   "first call");
    hob_times_deinit(&times);
    return code == HOB_E_INTERRUPTED ? code : 0;
}

/* What a warm process leaves of start-up: everything but an empty program in it. */
static int compare_warm_exec(struct comparing *c)
{
    struct hob_build *build = c->build;
    struct hob_rival *rival = &build->rivals[HOB_RIVAL_WARM_EXEC];
    const char *const words[] = {c->replacements->program,
                                 c->replacements->warm_exec,
                                 "--",
                                 build->interpreter,
                                 "-c",
                                 "pass",
                                 NULL};
    rival->note = c->replacements->warm_note;
    if (c->replacements->warm_exec == NULL)
        return 0;
    int code = run_often(c, words, LEARNING_RUNS, &rival->times);
    rival->measured = code == 0;
    for (size_t i = 0; i < build->group_count && code == 0; i++) {
        const struct hob_build_group *group = &build->groups[i];
        if (group->pythons == group->calls)
            add_saving(c, HOB_RIVAL_WARM_EXEC, group, group->start_up / (double)group->calls,
                       hob_times_median(&rival->times),
                       "start-up and imports, against an empty program from a warm process");
    }
    return code == HOB_E_INTERRUPTED ? code : 0;
}

static void compare_warm_call(struct comparing *c)
{
    struct hob_build *build = c->build;
    struct hob_rival *rival = &build->rivals[HOB_RIVAL_WARM_CALL];
    struct hob_error error = HOB_ERROR_INIT;
    rival->floor = true;
    rival->measured = hob_call_floor(&rival->times, build->interpreter, CALLS, &error) == 0;
    if (!rival->measured) {
        rival->note = hob_arena_printf(build->arena, "not measured: %s", error.message);
        return;
    }
    for (size_t i = 0; i < build->group_count; i++) {
        const struct hob_build_group *group = &build->groups[i];
        if (group->pythons == group->calls)
            add_saving(c, HOB_RIVAL_WARM_CALL, group, group->start_up / (double)group->calls,
                       hob_times_median(&rival->times),
                       "start-up and imports, against a call that only echoes: the most that a "
                       "worker can save");
    }
}

static int by_total(const void *a, const void *b)
{
    double left = ((const struct hob_build_saving *)a)->total;
    double right = ((const struct hob_build_saving *)b)->total;
    return (left < right) - (left > right);
}

static int compare(struct comparing *c)
{
    struct hob_build *build = c->build;
    int code = 0;
    for (size_t i = 0, natives = 0; i < build->group_count && code == 0; i++) {
        size_t before = build->saving_count;
        if (natives < MOST_NATIVE_GROUPS)
            code = compare_native(c, &build->groups[i]);
        natives += build->saving_count - before;
    }
    if (code == 0 && build->interpreter != NULL)
        code = compare_warm_exec(c);
    if (code == 0 && build->interpreter != NULL)
        compare_warm_call(c);
    if (build->saving_count > 0)
        qsort(build->savings, build->saving_count, sizeof *build->savings, by_total);
    return code;
}

int hob_build_compare(struct hob_build *build, const struct hob_build_replacements *replacements,
                      struct hob_error *error)
{
    struct hob_error unwanted = HOB_ERROR_INIT;
    struct comparing c = {
        .build = build, .replacements = replacements, .error = error != NULL ? error : &unwanted};
    build->savings =
        hob_arena_alloc(build->arena, (3 * build->group_count + 1) * sizeof *build->savings);
    int code = hob_stage_open(&c.stage, c.error);
    if (code != 0)
        return code;
    code = compare(&c);
    hob_stage_close(&c.stage);
    return code;
}
