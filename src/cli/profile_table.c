/* profile_table: the report on a terminal. */
#include "base/utf8.h"
#include "cli/display.h"
#include "cli/profile_report.h"

enum { NAME_WIDTH = 34, LABEL_WIDTH = 18, FIGURE_WIDTH = 10, MOST_MODULES = 25, MOST_GROUPS = 25 };

static void put_padded(struct hob_buffer *out, struct hob_text text, size_t width, bool right)
{
    size_t used;
    struct hob_text shown = {text.data, hob_display_fit(text, width, &used)};
    if (shown.size < text.size && width > 0) { /* cut: the last column says so */
        shown.size = hob_display_fit(text, width - 1, &used);
        used++;
    }
    if (right)
        hob_buffer_put_repeated(out, ' ', width - used);
    hob_buffer_put_text(out, shown);
    if (shown.size < text.size)
        hob_buffer_put_string(out, "…");
    if (!right)
        hob_buffer_put_repeated(out, ' ', width - used);
}

static void put_label(struct hob_buffer *out, const char *text)
{
    hob_buffer_put_string(out, "  ");
    put_padded(out, hob_text_from(text), LABEL_WIDTH, false);
}

static void put_time(struct hob_buffer *out, double milliseconds)
{
    HOB_AUTO(buffer) struct hob_buffer figure = HOB_BUFFER_INIT;
    hob_report_put_time(&figure, milliseconds);
    put_padded(out, hob_buffer_text(&figure), FIGURE_WIDTH, true);
}

static void put_size(struct hob_buffer *out, size_t bytes)
{
    HOB_AUTO(buffer) struct hob_buffer figure = HOB_BUFFER_INIT;
    hob_report_put_size(&figure, bytes);
    put_padded(out, hob_buffer_text(&figure), FIGURE_WIDTH, true);
}

static void put_share(struct hob_buffer *out, double part, double whole)
{
    hob_buffer_printf(out, "%5.1f %%", whole > 0 ? part / whole * 100 : 0.0);
}

static void put_title(struct hob_buffer *out, const char *title)
{
    hob_buffer_printf(out, "\n%s\n", title);
}

static void put_times(struct hob_buffer *out, const char *label, const struct hob_times *times)
{
    if (times->count == 0)
        return;
    put_label(out, label);
    put_time(out, hob_times_median(times));
    hob_buffer_put_string(out, "   ");
    hob_report_put_time(out, hob_times_quantile(times, 0));
    hob_buffer_put_string(out, " to ");
    hob_report_put_time(out, hob_times_quantile(times, 1));
    hob_buffer_printf(out, ", %zu run%s\n", times->count, times->count == 1 ? "" : "s");
}

static void put_notes(struct hob_buffer *out, const char *const *notes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hob_buffer_put_string(out, i == 0 ? "\nnote: " : "note: ");
        hob_display_put(out, hob_text_from(notes[i]));
        hob_buffer_put_char(out, '\n');
    }
}

/* ---- one command ---- */

static void put_phases(struct hob_buffer *out, const struct hob_profile *profile)
{
    if (profile->phases_whole <= 0)
        return;
    put_title(out, "Phases");
    for (int i = 0; i < HOB_PHASE_COUNT; i++) {
        if (!profile->phases_known && i != HOB_PHASE_START && i != HOB_PHASE_WORK)
            continue;
        put_label(out, hob_phase_name((enum hob_phase_kind)i));
        put_time(out, profile->phases[i]);
        hob_buffer_put_string(out, "  ");
        put_share(out, profile->phases[i], profile->phases_whole);
        hob_buffer_printf(out, "  %s\n",
                          profile->phases_known || i == HOB_PHASE_START
                              ? hob_phase_meaning((enum hob_phase_kind)i)
                              : "all of the rest: nothing told of itself");
    }
    put_label(out, "followed");
    put_time(out, profile->phases_whole);
    hob_buffer_put_string(out, "  100.0 %  the run that this is of; following and timing imports "
                               "cost a little\n");
}

/* Those that take a noticeable part, parents before what they import. */
static void put_imports(struct hob_buffer *out, const struct hob_profile *profile)
{
    const struct hob_imports *imports = &profile->imports;
    double least = imports->total / 100;
    size_t shown = 0, all = 0;
    for (size_t i = 0; i < imports->count; i++)
        all += !imports->items[i].interpreter;
    if (all == 0)
        return;
    put_title(out, "Imports                              cumulative       self");
    for (size_t i = 0; i < imports->count && shown < MOST_MODULES; i++) {
        const struct hob_import *import = &imports->items[i];
        HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
        if (import->interpreter || import->cumulative < least)
            continue;
        hob_buffer_put_repeated(&name, ' ', import->depth < 10 ? import->depth * 2 : 20);
        hob_display_put(&name, hob_text_from(import->name));
        hob_buffer_put_string(out, "  ");
        put_padded(out, hob_buffer_text(&name), NAME_WIDTH, false);
        put_time(out, import->cumulative / 1e3);
        hob_buffer_put_char(out, ' ');
        put_time(out, import->self / 1e3);
        hob_buffer_put_char(out, '\n');
        shown++;
    }
    hob_buffer_printf(out, "  %zu module%s in ", all, all == 1 ? "" : "s");
    hob_report_put_time(out, imports->total / 1e3);
    hob_buffer_printf(out, "; %zu %s shown\n", shown, shown == 1 ? "is" : "are");
}

static void put_memory(struct hob_buffer *out, const struct hob_profile_memory *memory)
{
    put_title(out, "Memory");
    put_label(out, "peak");
    put_size(out, memory->peak);
    hob_buffer_put_string(out, "   of the largest process\n");
    if (!memory->known)
        return;
    put_label(out, "private");
    put_size(out, memory->private_memory);
    hob_buffer_put_string(out, "   its own at its end: what each further one takes\n");
    put_label(out, "shared");
    put_size(out, memory->shared);
    hob_buffer_put_string(out, "   with other processes: libraries, mostly\n");
}

static void put_rivals(struct hob_buffer *out, const struct hob_profile *profile)
{
    put_title(out, "In its place");
    for (int i = 0; i < HOB_RIVAL_COUNT; i++) {
        const struct hob_rival *rival = &profile->rivals[i];
        if (!rival->measured && rival->note == NULL)
            continue;
        put_label(out, hob_rival_name((enum hob_rival_kind)i));
        if (rival->measured)
            put_time(out, hob_times_median(&rival->times));
        else
            put_padded(out, HOB_TEXT("–"), FIGURE_WIDTH, true);
        hob_buffer_put_string(out, "   ");
        hob_profile_put_rival_note(out, rival);
        hob_buffer_put_char(out, '\n');
    }
}

void hob_profile_put_table(struct hob_buffer *out, const struct hob_profile *profile)
{
    hob_buffer_put_string(out, "Where the time of a command goes: ");
    hob_report_put_words(out, profile->arguments);
    hob_buffer_put_string(out, "\n\nRuns                  median   lowest to highest\n");
    put_times(out, "cold", &profile->cold);
    put_times(out, "warm", &profile->warm);
    put_times(out, "empty program", &profile->bare);
    hob_buffer_put_string(out, "  cold: ");
    hob_profile_put_cold(out, profile);
    hob_buffer_put_char(out, '\n');
    put_phases(out, profile);
    put_imports(out, profile);
    put_memory(out, &profile->memory);
    put_rivals(out, profile);
    put_notes(out, profile->notes, profile->note_count);
    hob_buffer_put_char(out, '\n');
    hob_profile_put_advice(out, profile);
}

/* ---- a build ---- */

static void put_group(struct hob_buffer *out, const struct hob_build *build,
                      const struct hob_build_group *group, size_t name_width)
{
    HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
    hob_display_put(&name, hob_text_from(group->name));
    hob_buffer_put_string(out, "  ");
    put_padded(out, hob_buffer_text(&name), name_width, false);
    hob_buffer_printf(out, " %6zu", group->calls);
    put_time(out, group->time / (double)group->calls);
    put_time(out, group->own);
    hob_buffer_put_string(out, "  ");
    put_share(out, group->start_up, group->time);
    if (group->most_at_once > 1)
        hob_buffer_printf(out, "  parallel (%u)", group->most_at_once);
    else
        hob_buffer_put_string(out, "  serial      ");
    if (build->follow.files_known)
        hob_buffer_printf(out, "  %7zu", group->opened);
    if (group->failed > 0)
        hob_buffer_printf(out, "  %zu failed", group->failed);
    hob_buffer_put_char(out, '\n');
}

static size_t width_of_names(const struct hob_build *build, unsigned width)
{
    size_t widest = sizeof "command" - 1, most = width > 100 ? width - 66 : NAME_WIDTH;
    for (size_t i = 0; i < build->group_count && i < MOST_GROUPS; i++) {
        HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
        size_t columns = hob_display_put(&name, hob_text_from(build->groups[i].name));
        widest = columns > widest ? columns : widest;
    }
    return widest < most ? widest : most;
}

void hob_build_put_table(struct hob_buffer *out, const struct hob_build *build, unsigned width)
{
    size_t name_width = width_of_names(build, width);
    hob_buffer_put_string(out, "Where the time of a build goes: ");
    hob_report_put_words(out, build->arguments);
    hob_buffer_put_string(out, "\n\n  ");
    hob_report_put_time(out, build->whole);
    hob_buffer_printf(out, ", %zu call%s of %zu program%s, at most %u working at once\n\n  ",
                      build->calls, build->calls == 1 ? "" : "s", build->group_count,
                      build->group_count == 1 ? "" : "s", build->most_at_once);
    put_padded(out, HOB_TEXT("command"), name_width, false);
    hob_buffer_put_string(out, "  calls      each       own  start-up  order       ");
    hob_buffer_put_string(out, build->follow.files_known ? "    files\n" : "\n");
    for (size_t i = 0; i < build->group_count && i < MOST_GROUPS; i++)
        put_group(out, build, &build->groups[i], name_width);
    if (build->group_count > MOST_GROUPS)
        hob_buffer_printf(out, "  and %zu more\n", build->group_count - MOST_GROUPS);
    hob_buffer_put_string(out, "  each: one call, from start to end; own: all calls, without the "
                               "time in which they had children\n");
    put_notes(out, build->notes, build->note_count);
    for (int i = 0; i < HOB_RIVAL_COUNT; i++)
        if (!build->rivals[i].measured && build->rivals[i].note != NULL)
            put_notes(out, &build->rivals[i].note, 1);
    hob_buffer_put_char(out, '\n');
    hob_build_put_advice(out, build);
}
