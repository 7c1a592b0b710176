/* profile: see profile.h. */
#include "profile/profile.h"

#include <stdio.h>
#include <sys/wait.h>

#include "profile/call_floor.h"
#include "profile/follow.h"
#include "profile/marks.h"
#include "profile/phases.h"
#include "profile/stage.h"

enum { MOST_COLD_RUNS = 3, MOST_FOLLOWED_RUNS = 5, CALLS = 200, KEPT_LINES_SIZE = 2000 };

struct measuring {
    struct hob_profile *profile;
    const struct hob_profile_options *options;
    struct hob_stage stage;
    struct hob_marks marks;
    struct hob_follow first;  /* the first followed run: its files are those that are dropped */
    struct hob_buffer output; /* of the last warm run */
    struct hob_error *error;
};

static void tell(const struct measuring *m, const char *doing, unsigned run, unsigned runs)
{
    if (m->options->tell != NULL)
        m->options->tell(m->options->data, doing, run, runs);
}

static void note(struct hob_profile *profile, const char *text)
{
    if (profile->note_count < sizeof profile->notes / sizeof *profile->notes)
        profile->notes[profile->note_count++] = text;
}

/* ---- followed runs ---- */

static int follow_once(struct measuring *m, struct hob_follow *follow, unsigned flags)
{
    struct hob_follow_options options = {
        .arguments = m->options->arguments,
        .environment = m->marks.environment,
        .input = m->stage.input,
        .output = m->stage.output,
        .errors = m->stage.errors,
        .flags = HOB_FOLLOW_SESSION | HOB_FOLLOW_SHARED_MEMORY | flags,
    };
    hob_stage_reset(&m->stage);
    hob_marks_clear(&m->marks);
    return hob_follow_run(follow, &options, m->error);
}

static int find_files(struct measuring *m)
{
    struct hob_profile *profile = m->profile;
    tell(m, "looking at what it opens", 1, 1);
    int code = follow_once(m, &m->first, HOB_FOLLOW_FILES);
    if (code == HOB_E_UNSUPPORTED) {
        note(profile, hob_arena_printf(profile->arena,
                                       "%s: there are no phases, and nothing is "
                                       "known of its files",
                                       m->error->message));
        return 0;
    }
    if (code != 0)
        return code;
    if (!m->first.files_known)
        note(profile, "the system does not tell which files it opens: they could not be dropped");
    profile->processes = m->first.count;
    for (size_t i = 0; i < m->first.count; i++) {
        profile->files_opened += m->first.processes[i].opened;
        profile->files_missing += m->first.processes[i].missing;
    }
    return 0;
}

/* One followed run: its phases, imports and memory are the profile's if its time is the median so
 * far; so all are of one run, and sum up. */
struct followed {
    struct hob_phases phases;
    struct hob_imports imports;
};

static int by_whole(const void *a, const void *b)
{
    double left = ((const struct followed *)a)->phases.whole;
    double right = ((const struct followed *)b)->phases.whole;
    return (left > right) - (left < right);
}

static int see_phases(struct measuring *m, struct followed *seen)
{
    HOB_AUTO(follow) struct hob_follow follow = {0};
    HOB_AUTO(buffer) struct hob_buffer errors = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer rest = HOB_BUFFER_INIT;
    struct hob_mark *marks;
    size_t count;
    int code = follow_once(m, &follow, 0);
    if (code != 0)
        return code;
    hob_marks_read(&m->marks, &marks, &count);
    hob_phases_tell(&seen->phases, &follow, marks, count);
    hob_stage_errors(&m->stage, &errors);
    hob_imports_read(&seen->imports, m->profile->arena, hob_buffer_text(&errors), "site", &rest);
    hob_times_add(&m->profile->followed, seen->phases.whole);
    return 0;
}

static void keep_phases(struct hob_profile *profile, const struct followed *seen)
{
    for (int i = 0; i < HOB_PHASE_COUNT; i++)
        profile->phases[i] = seen->phases.spent[i];
    profile->phases_whole = seen->phases.whole;
    profile->phases_known = seen->phases.known;
    profile->imports = seen->imports;
    profile->memory = seen->phases.memory;
    if (seen->phases.interpreter != NULL)
        profile->interpreter =
            hob_arena_copy(profile->arena, hob_text_from(seen->phases.interpreter)).data;
    if (seen->phases.pythons > 1)
        note(profile, hob_arena_printf(profile->arena,
                                       "it ran %zu Python processes: the phases are those of the "
                                       "one that took longest",
                                       seen->phases.pythons));
}

static int run_followed(struct measuring *m)
{
    struct followed seen[MOST_FOLLOWED_RUNS] = {0};
    unsigned runs = m->options->runs < MOST_FOLLOWED_RUNS ? m->options->runs : MOST_FOLLOWED_RUNS;
    if (m->first.count == 0 || runs == 0)
        return 0;
    for (unsigned i = 0; i < runs; i++) {
        tell(m, "following", i + 1, runs);
        int code = see_phases(m, &seen[i]);
        if (code != 0)
            return code;
    }
    qsort(seen, runs, sizeof *seen, by_whole);
    keep_phases(m->profile, &seen[(runs - 1) / 2]);
    hob_times_sort(&m->profile->followed);
    return 0;
}

/* ---- plain runs ---- */

/* `before` is called before each; the median of what was read from the disk comes back. */
static int run_often(struct measuring *m, const char *doing, const char *const *arguments,
                     unsigned runs, struct hob_times *times)
{
    for (unsigned i = 0; i < runs; i++) {
        struct hob_stage_run run;
        tell(m, doing, i + 1, runs);
        int code = hob_stage_run(&m->stage, arguments, NULL, &run, m->error);
        if (code != 0)
            return code;
        hob_times_add(times, run.whole);
    }
    hob_times_sort(times);
    return 0;
}

static int drop_files(struct measuring *m)
{
    if (!m->options->drop_everything) {
        hob_cache_drop(m->first.files);
        return 0;
    }
    m->profile->dropped_everything = true;
    return hob_cache_drop_everything(m->error);
}

static int run_cold(struct measuring *m)
{
    struct hob_times read = {0};
    unsigned runs = m->options->runs < MOST_COLD_RUNS ? m->options->runs : MOST_COLD_RUNS;
    if (!m->first.files_known && !m->options->drop_everything)
        return 0;
    m->profile->before_drop = hob_cache_look(m->first.files);
    int code = 0;
    for (unsigned i = 0; i < runs && code == 0; i++) {
        struct hob_stage_run run;
        tell(m, "running cold", i + 1, runs);
        code = drop_files(m);
        if (code == 0 && i == 0)
            m->profile->after_drop = hob_cache_look(m->first.files);
        if (code == 0)
            code = hob_stage_run(&m->stage, m->options->arguments, NULL, &run, m->error);
        if (code == 0) {
            hob_times_add(&m->profile->cold, run.whole);
            hob_times_add(&read, (double)run.read_from_disk);
        }
    }
    hob_times_sort(&m->profile->cold);
    hob_times_sort(&read);
    m->profile->cold_read = (size_t)hob_times_median(&read);
    hob_times_deinit(&read);
    return code;
}

/* The end of what it wrote to standard error, from the beginning of a line. */
static const char *last_lines(struct measuring *m)
{
    HOB_AUTO(buffer) struct hob_buffer errors = HOB_BUFFER_INIT;
    hob_stage_errors(&m->stage, &errors);
    struct hob_text text = hob_buffer_text(&errors);
    if (text.size > KEPT_LINES_SIZE) {
        text.data += text.size - KEPT_LINES_SIZE;
        text.size = KEPT_LINES_SIZE;
        const char *end = memchr(text.data, '\n', text.size);
        size_t cut = end != NULL ? (size_t)(end + 1 - text.data) : 0;
        text.data += cut;
        text.size -= cut;
    }
    return hob_arena_copy(m->profile->arena, text).data;
}

static int run_warm(struct measuring *m)
{
    struct hob_profile *profile = m->profile;
    struct hob_stage_run run;
    tell(m, "warming up", 1, 1);
    int code = hob_stage_run(&m->stage, m->options->arguments, NULL, &run, m->error);
    for (unsigned i = 0; i < m->options->runs && code == 0; i++) {
        tell(m, "running warm", i + 1, m->options->runs);
        code = hob_stage_run(&m->stage, m->options->arguments, NULL, &run, m->error);
        if (code == 0)
            hob_times_add(&profile->warm, run.whole);
        if (code == 0 && !profile->memory.known && run.peak > profile->memory.peak)
            profile->memory.peak = run.peak;
    }
    if (code != 0)
        return code;
    hob_times_sort(&profile->warm);
    profile->status = run.status;
    if (run.status != 0)
        profile->errors = last_lines(m);
    hob_stage_output(&m->stage, &m->output);
    return 0;
}

/* ---- what could replace it ---- */

/* A rival that cannot be run is one that was not measured: the report goes on. */
static int run_rival(struct measuring *m, enum hob_rival_kind kind)
{
    struct hob_rival *rival = &m->profile->rivals[kind];
    HOB_AUTO(buffer) struct hob_buffer output = HOB_BUFFER_INIT;
    struct hob_stage_run run = {0};
    int code = 0;
    if (rival->arguments == NULL)
        return 0;
    for (unsigned i = 0; i < rival->learning && code == 0; i++) {
        tell(m, "letting hob learn", i + 1, rival->learning);
        code = hob_stage_run(&m->stage, rival->arguments, NULL, &run, m->error);
    }
    for (unsigned i = 0; i < m->options->runs && code == 0; i++) {
        tell(m, kind == HOB_RIVAL_NATIVE ? "running hob's own" : "running from a warm process",
             i + 1, m->options->runs);
        code = hob_stage_run(&m->stage, rival->arguments, NULL, &run, m->error);
        hob_times_add(&rival->times, run.whole);
    }
    if (code == HOB_E_INTERRUPTED)
        return code;
    hob_times_sort(&rival->times);
    rival->measured = code == 0;
    if (code != 0)
        rival->note = hob_arena_printf(m->profile->arena, "%s", m->error->message);
    hob_stage_output(&m->stage, &output);
    rival->same = rival->measured && run.status == m->profile->status &&
                  hob_text_equal(hob_buffer_text(&output), hob_buffer_text(&m->output));
    return 0;
}

static void measure_call(struct measuring *m)
{
    struct hob_rival *rival = &m->profile->rivals[HOB_RIVAL_WARM_CALL];
    struct hob_error error = HOB_ERROR_INIT;
    if (m->profile->interpreter == NULL || m->profile->interpreter[0] == '\0') {
        rival->note = "not measured: no Python was seen, and workers of other languages differ";
        return;
    }
    tell(m, "calling a worker", 1, 1);
    rival->floor = true;
    rival->measured = hob_call_floor(&rival->times, m->profile->interpreter, CALLS, &error) == 0;
    rival->note = rival->measured
                      ? "a floor: a worker in the same Python that only echoes; the work itself, "
                        "and the worker that does it, come on top"
                      : hob_arena_printf(m->profile->arena, "not measured: %s", error.message);
}

static int run_bare(struct measuring *m)
{
    struct hob_profile *profile = m->profile;
    if (profile->interpreter == NULL || profile->interpreter[0] == '\0')
        return 0;
    const char *const empty[] = {profile->interpreter, "-c", "pass", NULL};
    profile->bare_command = hob_arena_printf(profile->arena, "%s -c pass", profile->interpreter);
    return run_often(m, "running an empty program", empty, m->options->runs, &profile->bare);
}

static int measure(struct measuring *m)
{
    int code = find_files(m);
    if (code == 0)
        code = run_cold(m);
    if (code == 0)
        code = run_warm(m);
    if (code == 0)
        code = run_followed(m);
    if (code == 0)
        code = run_bare(m);
    if (code == 0)
        code = run_rival(m, HOB_RIVAL_NATIVE);
    if (code == 0)
        code = run_rival(m, HOB_RIVAL_WARM_EXEC);
    if (code == 0)
        measure_call(m);
    return code;
}

int hob_profile_run(struct hob_profile *profile, const struct hob_profile_options *options,
                    struct hob_error *error)
{
    struct hob_error unwanted = HOB_ERROR_INIT;
    struct measuring m = {
        .profile = profile, .options = options, .error = error != NULL ? error : &unwanted};
    *profile = (struct hob_profile){.arena = hob_arena_new(), .arguments = options->arguments};
    for (int i = 0; i < HOB_RIVAL_COUNT; i++)
        profile->rivals[i] = options->rivals[i];
    int code = hob_stage_open(&m.stage, m.error);
    if (code != 0)
        return code;
    code = hob_marks_begin(&m.marks, true, m.error);
    if (code == 0)
        code = measure(&m);
    hob_buffer_deinit(&m.output);
    hob_follow_deinit(&m.first);
    hob_marks_end(&m.marks);
    hob_stage_close(&m.stage);
    return code;
}

void hob_profile_deinit(struct hob_profile *profile)
{
    hob_times_deinit(&profile->cold);
    hob_times_deinit(&profile->warm);
    hob_times_deinit(&profile->followed);
    hob_times_deinit(&profile->bare);
    for (int i = 0; i < HOB_RIVAL_COUNT; i++)
        hob_times_deinit(&profile->rivals[i].times);
    hob_arena_free(profile->arena);
    *profile = (struct hob_profile){0};
}
