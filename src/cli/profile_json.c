/* profile_json: the report for programs; docs/profile.md describes each member. */
#include "base/utf8.h"
#include "cli/profile_report.h"
#include "profile/phases.h"
#include "profile/stage.h"
#include "value/json.h"

enum { FORMAT_VERSION = 1 };

static void set(struct hob_arena *arena, struct hob_value *map, const char *key,
                const struct hob_value *value)
{
    hob_value_put_string(arena, map, key, value);
}

static void set_number(struct hob_arena *arena, struct hob_value *map, const char *key,
                       double value)
{
    set(arena, map, key, hob_value_new_double(arena, (double)(int64_t)(value * 1e4 + 0.5) / 1e4));
}

static void set_count(struct hob_arena *arena, struct hob_value *map, const char *key, size_t value)
{
    set(arena, map, key, hob_value_new_int(arena, (int64_t)value));
}

static const struct hob_value *text_value(struct hob_arena *arena, const char *text)
{
    HOB_AUTO(buffer) struct hob_buffer repaired = HOB_BUFFER_INIT;
    if (text == NULL)
        return &hob_value_null;
    hob_utf8_put_repaired(&repaired, hob_text_from(text));
    return hob_value_new_string(arena, hob_buffer_text(&repaired));
}

static void set_text(struct hob_arena *arena, struct hob_value *map, const char *key,
                     const char *text)
{
    set(arena, map, key, text_value(arena, text));
}

static void set_words(struct hob_arena *arena, struct hob_value *map, const char *key,
                      const char *const *words)
{
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    for (; words != NULL && *words != NULL; words++)
        hob_value_append(arena, list, text_value(arena, *words));
    set(arena, map, key, words != NULL ? list : &hob_value_null);
}

static void set_notes(struct hob_arena *arena, struct hob_value *map, const char *const *notes,
                      size_t count)
{
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    for (size_t i = 0; i < count; i++)
        hob_value_append(arena, list, text_value(arena, notes[i]));
    set(arena, map, "notes", list);
}

/* null when nothing was measured. */
static void set_times(struct hob_arena *arena, struct hob_value *map, const char *key,
                      const struct hob_times *times)
{
    if (times->count == 0) {
        set(arena, map, key, &hob_value_null);
        return;
    }
    struct hob_value *member = hob_value_new(arena, HOB_MAP);
    set_count(arena, member, "runs", times->count);
    set_number(arena, member, "median_ms", hob_times_median(times));
    set_number(arena, member, "lowest_ms", hob_times_quantile(times, 0));
    set_number(arena, member, "quartile_low_ms", hob_times_quantile(times, 0.25));
    set_number(arena, member, "quartile_high_ms", hob_times_quantile(times, 0.75));
    set_number(arena, member, "highest_ms", hob_times_quantile(times, 1));
    set(arena, map, key, member);
}

static struct hob_value *begin(struct hob_arena *arena, const char *kind, int status)
{
    struct hob_value *map = hob_value_new(arena, HOB_MAP);
    set_count(arena, map, "version", FORMAT_VERSION);
    set_text(arena, map, "kind", kind);
    set_count(arena, map, "status", (size_t)hob_stage_exit_status(status));
    return map;
}

static void finish(struct hob_buffer *out, struct hob_arena *arena, const struct hob_value *map)
{
    hob_json_write(out, map, HOB_JSON_INDENT | HOB_JSON_SPACED, SIZE_MAX, NULL);
    hob_buffer_put_char(out, '\n');
    hob_arena_free(arena);
}

static void set_advice(struct hob_arena *arena, struct hob_value *map, struct hob_buffer *advice)
{
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    const char *at = hob_buffer_string(advice);
    while (*at != '\0') {
        size_t size = strcspn(at, "\n");
        hob_value_append(arena, list, hob_value_new_string(arena, (struct hob_text){at, size}));
        at += size + (at[size] != '\0');
    }
    set(arena, map, "advice", list);
}

/* ---- one command ---- */

static void set_phases(struct hob_arena *arena, struct hob_value *map,
                       const struct hob_profile *profile)
{
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    for (int i = 0; i < HOB_PHASE_COUNT && profile->phases_whole > 0; i++) {
        struct hob_value *phase = hob_value_new(arena, HOB_MAP);
        set_text(arena, phase, "name", hob_phase_name((enum hob_phase_kind)i));
        set_number(arena, phase, "ms", profile->phases[i]);
        hob_value_append(arena, list, phase);
    }
    set(arena, map, "phases", list);
    set(arena, map, "phases_known", hob_value_new_bool(profile->phases_known));
    set_number(arena, map, "phases_ms", profile->phases_whole);
}

static void set_imports(struct hob_arena *arena, struct hob_value *map,
                        const struct hob_imports *imports)
{
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    for (size_t i = 0; i < imports->count; i++) {
        const struct hob_import *import = &imports->items[i];
        struct hob_value *module = hob_value_new(arena, HOB_MAP);
        set_text(arena, module, "name", import->name);
        set_count(arena, module, "depth", import->depth);
        set_number(arena, module, "self_ms", import->self / 1e3);
        set_number(arena, module, "cumulative_ms", import->cumulative / 1e3);
        set(arena, module, "interpreter", hob_value_new_bool(import->interpreter));
        hob_value_append(arena, list, module);
    }
    set(arena, map, "imports", list);
}

static void set_memory(struct hob_arena *arena, struct hob_value *map,
                       const struct hob_profile_memory *memory)
{
    struct hob_value *member = hob_value_new(arena, HOB_MAP);
    set_count(arena, member, "peak_bytes", memory->peak);
    if (memory->known) {
        set_count(arena, member, "resident_bytes", memory->resident);
        set_count(arena, member, "shared_bytes", memory->shared);
        set_count(arena, member, "private_bytes", memory->private_memory);
        set_count(arena, member, "proportional_bytes", memory->proportional);
    }
    set(arena, map, "memory", member);
}

static void set_cache(struct hob_arena *arena, struct hob_value *map,
                      const struct hob_profile *profile)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    struct hob_value *member = hob_value_new(arena, HOB_MAP);
    hob_profile_put_cold(&text, profile);
    set_text(arena, member, "how", hob_buffer_string(&text));
    set_count(arena, member, "files", profile->before_drop.files);
    set_count(arena, member, "bytes", profile->before_drop.bytes);
    set_count(arena, member, "resident_before", profile->before_drop.resident);
    set_count(arena, member, "resident_after", profile->after_drop.resident);
    set_count(arena, member, "unknown_files", profile->before_drop.unknown);
    set_count(arena, member, "read_from_disk", profile->cold_read);
    set(arena, map, "cache", member);
}

static void set_rivals(struct hob_arena *arena, struct hob_value *map,
                       const struct hob_profile *profile)
{
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    double now = hob_times_median(&profile->warm);
    for (int i = 0; i < HOB_RIVAL_COUNT; i++) {
        const struct hob_rival *rival = &profile->rivals[i];
        HOB_AUTO(buffer) struct hob_buffer note = HOB_BUFFER_INIT;
        struct hob_value *member = hob_value_new(arena, HOB_MAP);
        hob_profile_put_rival_note(&note, rival);
        set_text(arena, member, "kind", hob_rival_name((enum hob_rival_kind)i));
        set_words(arena, member, "command", rival->arguments);
        set(arena, member, "measured", hob_value_new_bool(rival->measured));
        set(arena, member, "floor", hob_value_new_bool(rival->floor));
        set(arena, member, "same_output",
            rival->measured && !rival->floor ? hob_value_new_bool(rival->same) : &hob_value_null);
        set_times(arena, member, "times", &rival->times);
        if (rival->measured && !rival->floor)
            set_number(arena, member, "saves_ms", now - hob_times_median(&rival->times));
        set_text(arena, member, "note", hob_buffer_string(&note));
        hob_value_append(arena, list, member);
    }
    set(arena, map, "replacements", list);
}

void hob_profile_put_json(struct hob_buffer *out, const struct hob_profile *profile)
{
    struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer advice = HOB_BUFFER_INIT;
    struct hob_value *map = begin(arena, "profile", profile->status);
    set_words(arena, map, "command", profile->arguments);
    set_times(arena, map, "cold", &profile->cold);
    set_times(arena, map, "warm", &profile->warm);
    set_times(arena, map, "followed", &profile->followed);
    set_text(arena, map, "interpreter", profile->interpreter);
    set_times(arena, map, "empty_program", &profile->bare);
    set_phases(arena, map, profile);
    set_imports(arena, map, &profile->imports);
    set_memory(arena, map, &profile->memory);
    set_count(arena, map, "processes", profile->processes);
    set_count(arena, map, "files_opened", profile->files_opened);
    set_count(arena, map, "files_missing", profile->files_missing);
    set_cache(arena, map, profile);
    set_rivals(arena, map, profile);
    hob_profile_put_advice(&advice, profile);
    set_advice(arena, map, &advice);
    set_text(arena, map, "errors", profile->errors);
    set_notes(arena, map, profile->notes, profile->note_count);
    finish(out, arena, map);
}

/* ---- a build ---- */

static const struct hob_value *group_value(struct hob_arena *arena,
                                           const struct hob_build_group *group, bool files)
{
    struct hob_value *map = hob_value_new(arena, HOB_MAP);
    struct hob_value *lines = hob_value_new(arena, HOB_LIST);
    set_text(arena, map, "name", group->name);
    set_count(arena, map, "calls", group->calls);
    set_count(arena, map, "failed", group->failed);
    set_number(arena, map, "time_ms", group->time);
    set_number(arena, map, "own_ms", group->own);
    set_number(arena, map, "longest_ms", group->longest);
    set_number(arena, map, "start_up_ms", group->start_up);
    set_number(arena, map, "covered_ms", group->covered);
    set_number(arena, map, "processor_ms", group->processor);
    set_count(arena, map, "most_at_once", group->most_at_once);
    set_text(arena, map, "order", group->most_at_once > 1 ? "parallel" : "serial");
    set_count(arena, map, "peak_bytes", group->peak);
    set_count(arena, map, "python_calls", group->pythons);
    if (files) {
        set_count(arena, map, "files_opened", group->opened);
        set_count(arena, map, "files_missing", group->missing);
    }
    for (size_t i = 0; i < group->line_count; i++) {
        struct hob_value *line = hob_value_new(arena, HOB_MAP);
        set_text(arena, line, "line", group->lines[i].text);
        set_count(arena, line, "calls", group->lines[i].calls);
        hob_value_append(arena, lines, line);
    }
    set(arena, map, "lines", lines);
    return map;
}

static const struct hob_value *process_value(struct hob_arena *arena, const struct hob_build *build,
                                             size_t index)
{
    const struct hob_follow_process *process = &build->follow.processes[index];
    uint64_t zero = build->follow.processes[0].start;
    struct hob_value *map = hob_value_new(arena, HOB_MAP);
    bool named = build->group_of[index] != SIZE_MAX;
    set_count(arena, map, "pid", (size_t)process->pid);
    set(arena, map, "parent",
        process->parent < build->follow.count ? hob_value_new_int(arena, (int64_t)process->parent)
                                              : &hob_value_null);
    set_text(arena, map, "group", named ? build->groups[build->group_of[index]].name : NULL);
    set_number(arena, map, "start_ms", hob_milliseconds(process->start - zero));
    set_number(arena, map, "end_ms", hob_milliseconds(process->end - zero));
    set_count(arena, map, "status", (size_t)hob_stage_exit_status(process->status));
    set_count(arena, map, "peak_bytes", process->peak);
    return map;
}

static void set_savings(struct hob_arena *arena, struct hob_value *map,
                        const struct hob_build *build)
{
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    for (size_t i = 0; i < build->saving_count; i++) {
        const struct hob_build_saving *saving = &build->savings[i];
        struct hob_value *member = hob_value_new(arena, HOB_MAP);
        set_text(arena, member, "kind", hob_rival_name(saving->kind));
        set_text(arena, member, "group", saving->group->name);
        set_count(arena, member, "calls", saving->group->calls);
        set_number(arena, member, "before_ms", saving->before);
        set_number(arena, member, "after_ms", saving->after);
        set_number(arena, member, "total_ms", saving->total);
        set_number(arena, member, "whole_ms", saving->whole);
        set(arena, member, "floor", hob_value_new_bool(saving->kind == HOB_RIVAL_WARM_CALL));
        set_text(arena, member, "note", saving->note);
        hob_value_append(arena, list, member);
    }
    set(arena, map, "savings", list);
}

static void set_files(struct hob_arena *arena, struct hob_value *map,
                      const struct hob_follow *follow)
{
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    for (size_t i = 0; i < hob_map_count(follow->files); i++) {
        const struct hob_follow_file *file = hob_map_value_at(follow->files, i);
        struct hob_value *member = hob_value_new(arena, HOB_MAP);
        set_text(arena, member, "path", hob_map_key_at(follow->files, i).data);
        set_count(arena, member, "opened", file->opened);
        hob_value_append(arena, list, member);
    }
    set(arena, map, "files", follow->files_known ? list : &hob_value_null);
}

void hob_build_put_json(struct hob_buffer *out, const struct hob_build *build)
{
    struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer advice = HOB_BUFFER_INIT;
    struct hob_value *map = begin(arena, "trace", build->status);
    struct hob_value *groups = hob_value_new(arena, HOB_LIST);
    struct hob_value *processes = hob_value_new(arena, HOB_LIST);
    set_words(arena, map, "command", build->arguments);
    set_number(arena, map, "whole_ms", build->whole);
    set_count(arena, map, "calls", build->calls);
    set_count(arena, map, "forks", build->forks);
    set_count(arena, map, "most_at_once", build->most_at_once);
    set_text(arena, map, "interpreter", build->interpreter);
    for (size_t i = 0; i < build->group_count; i++)
        hob_value_append(arena, groups,
                         group_value(arena, &build->groups[i], build->follow.files_known));
    for (size_t i = 0; i < build->follow.count; i++)
        hob_value_append(arena, processes, process_value(arena, build, i));
    set(arena, map, "groups", groups);
    set(arena, map, "processes", processes);
    set_files(arena, map, &build->follow);
    set_savings(arena, map, build);
    hob_build_put_advice(&advice, build);
    set_advice(arena, map, &advice);
    set_notes(arena, map, build->notes, build->note_count);
    finish(out, arena, map);
}
