/* build: see build.h. */
#include "profile/build.h"

#include <unistd.h>

#include "profile/marks.h"
#include "profile/phases.h"

/* Moments at which a number of running processes changes. */
struct change {
    uint64_t moment;
    int by;
};

struct span {
    double covered; /* milliseconds in which at least one ran */
    unsigned most;
};

/* Ends before starts: what begins when another ends does not run beside it. */
static int by_moment(const void *a, const void *b)
{
    const struct change *left = a, *right = b;
    if (left->moment != right->moment)
        return left->moment < right->moment ? -1 : 1;
    return left->by - right->by;
}

static struct span measure_span(struct change *changes, size_t count)
{
    struct span span = {0};
    unsigned running = 0;
    if (count > 0)
        qsort(changes, count, sizeof *changes, by_moment);
    for (size_t i = 0; i < count; i++) {
        if (running > 0)
            span.covered += hob_milliseconds(changes[i].moment - changes[i - 1].moment);
        running = (unsigned)((int)running + changes[i].by);
        span.most = running > span.most ? running : span.most;
    }
    return span;
}

static void add_change(struct change *changes, size_t *count, uint64_t start, uint64_t end)
{
    if (end <= start)
        return;
    changes[(*count)++] = (struct change){start, 1};
    changes[(*count)++] = (struct change){end, -1};
}

struct analysis {
    struct hob_build *build;
    const struct hob_mark *marks;
    size_t mark_count;
    struct change *changes; /* room for all processes */
    double *own;            /* of each process */
    bool *has_calls;        /* of each process: it started a program */
};

/* ---- each process ---- */

static bool is_program(const struct hob_follow_process *process)
{
    return process->image_count > 0;
}

/* For each process the time in which it had a child is covered by their spans; children are sorted
 * to their parents first, so that this takes one pass. */
static void tell_own_times(struct analysis *a)
{
    const struct hob_follow *follow = &a->build->follow;
    size_t *starts = hob_alloc_zero(follow->count + 2, sizeof *starts);
    size_t *children = hob_alloc_zero(follow->count + 1, sizeof *children);
    for (size_t i = 0; i < follow->count; i++)
        if (follow->processes[i].parent < follow->count)
            starts[follow->processes[i].parent + 2]++;
    for (size_t i = 1; i < follow->count + 2; i++)
        starts[i] += starts[i - 1];
    for (size_t i = 0; i < follow->count; i++)
        if (follow->processes[i].parent < follow->count)
            children[starts[follow->processes[i].parent + 1]++] = i;
    for (size_t i = 0; i < follow->count; i++) {
        const struct hob_follow_process *process = &follow->processes[i];
        size_t count = 0;
        for (size_t k = starts[i]; k < starts[i + 1]; k++) {
            const struct hob_follow_process *child = &follow->processes[children[k]];
            a->has_calls[i] = a->has_calls[i] || is_program(child);
            add_change(a->changes, &count, child->start,
                       child->end < process->end ? child->end : process->end);
        }
        a->own[i] = hob_milliseconds(process->end - process->start) -
                    measure_span(a->changes, count).covered;
    }
    free(children);
    free(starts);
}

static double start_up_of(const struct hob_follow_process *process, const struct hob_mark *mark)
{
    double start = hob_milliseconds(process->start);
    if (mark != NULL)
        return mark->ready - start + mark->imports;
    return hob_milliseconds(process->images[process->image_count - 1].start) - start;
}

/* ---- groups ---- */

static struct hob_text words_of(const struct hob_follow_process *process)
{
    return process->images[process->image_count - 1].words;
}

static void add_line(struct hob_build_group *group, struct hob_map *lines, const char *text,
                     struct hob_arena *arena)
{
    struct hob_build_line *line = hob_map_get(lines, hob_text_from(text));
    if (line == NULL) {
        line = hob_arena_alloc(arena, sizeof *line);
        *line = (struct hob_build_line){.text = text};
        hob_map_put(lines, hob_text_from(text), line);
        group->line_count++;
    }
    line->calls++;
}

static void add_call(struct analysis *a, struct hob_build_group *group, size_t index)
{
    const struct hob_follow_process *process = &a->build->follow.processes[index];
    const struct hob_mark *mark = hob_mark_of(process, a->marks, a->mark_count);
    double time = hob_milliseconds(process->end - process->start);
    group->calls++;
    group->failed += !process->left && process->status != 0;
    group->pythons += mark != NULL;
    group->time += time;
    group->own += a->own[index];
    group->start_up += start_up_of(process, mark);
    group->longest = time > group->longest ? time : group->longest;
    group->opened += process->opened;
    group->missing += process->missing;
    group->peak = process->peak > group->peak ? process->peak : group->peak;
    group->processor += process->processor;
}

/* Calls of a group and their command lines. */
struct gathered {
    struct hob_map *groups; /* name -> struct hob_build_group */
    struct hob_map **lines; /* of each group */
    size_t count, capacity;
};

static void gather(struct analysis *a, struct gathered *gathered)
{
    struct hob_build *build = a->build;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    for (size_t i = 0; i < build->follow.count; i++) {
        const struct hob_follow_process *process = &build->follow.processes[i];
        build->group_of[i] = SIZE_MAX;
        build->forks += !is_program(process);
        if (!is_program(process))
            continue;
        hob_buffer_clear(&text);
        hob_build_put_name(&text, words_of(process));
        struct hob_text name = hob_arena_copy(build->arena, hob_buffer_text(&text));
        struct hob_build_group *group = hob_map_get(gathered->groups, name);
        if (group == NULL) {
            group = hob_arena_alloc(build->arena, sizeof *group);
            *group =
                (struct hob_build_group){.name = name.data, .line = words_of(process), .first = i};
            hob_map_put(gathered->groups, name, group);
            if (!HOB_TRY_GROW(gathered->lines, gathered->capacity, gathered->count + 1))
                abort();
            gathered->lines[gathered->count++] = hob_map_new();
        }
        build->group_of[i] = hob_map_find(gathered->groups, name);
        add_call(a, group, i);
        hob_buffer_clear(&text);
        hob_build_put_line(&text, words_of(process));
        add_line(group, gathered->lines[build->group_of[i]],
                 hob_arena_copy(build->arena, hob_buffer_text(&text)).data, build->arena);
    }
}

/* What waits for another call of the same group, as a shell for a shell, does not run beside it. */
static bool is_inside_group(const struct hob_build *build, size_t index)
{
    size_t number = build->group_of[index];
    const struct hob_follow_process *processes = build->follow.processes;
    /* a parent stands before its children */
    for (size_t below = index, at = processes[below].parent; at < below;
         below = at, at = processes[below].parent)
        if (build->group_of[at] == number)
            return true;
    return false;
}

static void finish_group(struct analysis *a, struct hob_build_group *group, size_t number,
                         struct hob_map *lines)
{
    struct hob_build *build = a->build;
    size_t count = 0;
    for (size_t i = 0; i < build->follow.count; i++)
        if (build->group_of[i] == number && !is_inside_group(build, i))
            add_change(a->changes, &count, build->follow.processes[i].start,
                       build->follow.processes[i].end);
    struct span span = measure_span(a->changes, count);
    group->covered = span.covered;
    group->most_at_once = span.most;
    group->lines = hob_arena_alloc(build->arena, (group->line_count + 1) * sizeof *group->lines);
    for (size_t i = 0; i < group->line_count; i++)
        group->lines[i] = *(struct hob_build_line *)hob_map_value_at(lines, i);
}

struct ranked {
    struct hob_build_group group;
    size_t number;
};

static int by_own_time(const void *a, const void *b)
{
    double left = ((const struct ranked *)a)->group.own,
           right = ((const struct ranked *)b)->group.own;
    return (left < right) - (left > right);
}

static void rank_groups(struct hob_build *build, const struct hob_map *groups)
{
    size_t count = hob_map_count(groups);
    HOB_AUTO(free) struct ranked *ranked = hob_alloc_zero(count + 1, sizeof *ranked);
    HOB_AUTO(free) size_t *places = hob_alloc_zero(count + 1, sizeof *places);
    for (size_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){*(struct hob_build_group *)hob_map_value_at(groups, i), i};
    qsort(ranked, count, sizeof *ranked, by_own_time);
    build->groups = hob_arena_alloc(build->arena, (count + 1) * sizeof *build->groups);
    build->group_count = count;
    for (size_t i = 0; i < count; i++) {
        build->groups[i] = ranked[i].group;
        places[ranked[i].number] = i;
    }
    for (size_t i = 0; i < build->follow.count; i++)
        if (build->group_of[i] != SIZE_MAX)
            build->group_of[i] = places[build->group_of[i]];
}

/* Calls that only wait for others say nothing about how many ran at once. */
static void count_calls(struct analysis *a)
{
    struct hob_build *build = a->build;
    size_t count = 0;
    for (size_t i = 1; i < build->follow.count; i++) {
        const struct hob_follow_process *process = &build->follow.processes[i];
        build->calls += is_program(process);
        if (is_program(process) && !a->has_calls[i])
            add_change(a->changes, &count, process->start, process->end);
    }
    build->most_at_once = measure_span(a->changes, count).most;
}

static void find_interpreter(struct hob_build *build, const struct hob_mark *marks, size_t count)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t same = 0;
        /* a build has a few Pythons: looking at the first ones is enough to know them */
        for (size_t k = i; k < count && k < i + 1000; k++)
            same += strcmp(marks[k].interpreter, marks[i].interpreter) == 0;
        if (same > most && marks[i].interpreter[0] != '\0') {
            most = same;
            build->interpreter =
                hob_arena_copy(build->arena, hob_text_from(marks[i].interpreter)).data;
        }
        if (most * 2 > count)
            break;
    }
}

static void analyse(struct hob_build *build, const struct hob_mark *marks, size_t mark_count)
{
    size_t count = build->follow.count;
    struct gathered gathered = {.groups = hob_map_new()};
    struct analysis a = {
        .build = build,
        .marks = marks,
        .mark_count = mark_count,
        .changes = hob_alloc_zero(2 * count + 2, sizeof *a.changes),
        .own = hob_alloc_zero(count + 1, sizeof *a.own),
        .has_calls = hob_alloc_zero(count + 1, sizeof *a.has_calls),
    };
    build->group_of = hob_arena_alloc(build->arena, (count + 1) * sizeof *build->group_of);
    tell_own_times(&a);
    gather(&a, &gathered);
    for (size_t i = 0; i < gathered.count; i++) {
        finish_group(&a, hob_map_value_at(gathered.groups, i), i, gathered.lines[i]);
        hob_map_free(gathered.lines[i]);
    }
    rank_groups(build, gathered.groups);
    count_calls(&a);
    find_interpreter(build, marks, mark_count);
    hob_map_free(gathered.groups);
    free(gathered.lines);
    free(a.changes);
    free(a.own);
    free(a.has_calls);
}

/* ---- the run ---- */

/* What was still running when nobody looked any more has lasted until then. */
static void close_ends(struct hob_follow *follow)
{
    uint64_t last = 0;
    for (size_t i = 0; i < follow->count; i++)
        last = follow->processes[i].end > last ? follow->processes[i].end : last;
    for (size_t i = 0; i < follow->count; i++)
        if (follow->processes[i].end < follow->processes[i].start)
            follow->processes[i].end =
                last > follow->processes[i].start ? last : follow->processes[i].start;
}

int hob_build_run(struct hob_build *build, const struct hob_build_options *options,
                  struct hob_error *error)
{
    HOB_AUTO(marks) struct hob_marks marks = {0};
    struct hob_mark *list;
    size_t count;
    *build = (struct hob_build){.arena = hob_arena_new(), .arguments = options->arguments};
    int code = hob_marks_begin(&marks, false, error);
    if (code != 0)
        return code;
    struct hob_follow_options follow = {
        .arguments = options->arguments,
        .environment = marks.environment,
        .input = STDIN_FILENO,
        .output = options->output,
        .errors = STDERR_FILENO,
        .flags = options->files ? HOB_FOLLOW_FILES : 0,
        .waits = options->waits,
        .data = options->data,
    };
    code = hob_follow_run(&build->follow, &follow, error);
    if (code != 0)
        return code;
    close_ends(&build->follow);
    hob_marks_read(&marks, &list, &count);
    build->status = build->follow.processes[0].status;
    build->whole =
        hob_milliseconds(build->follow.processes[0].end - build->follow.processes[0].start);
    if (options->files && !build->follow.files_known)
        build->notes[build->note_count++] = "the system does not tell which files were opened";
    analyse(build, list, count);
    return 0;
}

void hob_build_deinit(struct hob_build *build)
{
    for (int i = 0; i < HOB_RIVAL_COUNT; i++)
        hob_times_deinit(&build->rivals[i].times);
    hob_follow_deinit(&build->follow);
    hob_arena_free(build->arena);
    *build = (struct hob_build){0};
}
