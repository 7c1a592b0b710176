/* profile_picture: see profile_picture.h. */
#include "cli/profile_picture.h"

#include <stdio.h>

#include "cli/display.h"
#include "cli/profile_report.h"
#include "profile/phases.h"

enum {
    WIDTH = 1000, /* of every picture, in its own units */
    ROW = 22,
    NAMES = 330, /* of the waterfall's left side */
    FIGURES = 80,
    MOST_ROWS = 70,
    DEEPEST = 12,
    BAR = 40,
    LANE = 18,
    MOST_LANES = 48,
    MOST_BARS = 3000,
};

void picture_put_text(struct hob_buffer *out, const char *text)
{
    HOB_AUTO(buffer) struct hob_buffer shown = HOB_BUFFER_INIT;
    hob_display_put(&shown, hob_text_from(text));
    for (size_t i = 0; i < shown.size; i++) {
        char byte = shown.data[i];
        const char *entity = byte == '&'    ? "&amp;"
                             : byte == '<'  ? "&lt;"
                             : byte == '>'  ? "&gt;"
                             : byte == '"'  ? "&quot;"
                             : byte == '\'' ? "&#39;"
                                            : NULL;
        if (entity != NULL)
            hob_buffer_put_string(out, entity);
        else
            hob_buffer_put_char(out, byte);
    }
}

static void begin(struct hob_buffer *out, double height, const char *id, const char *title,
                  const char *description)
{
    hob_buffer_printf(out,
                      "<svg viewBox=\"0 0 %d %.0f\" role=\"img\" aria-labelledby=\"%s-t %s-d\">\n"
                      "<title id=\"%s-t\">%s</title><desc id=\"%s-d\">%s</desc>\n",
                      WIDTH, height, id, id, id, title, id, description);
}

static void end(struct hob_buffer *out)
{
    hob_buffer_put_string(out, "</svg>\n");
}

static void put_bar(struct hob_buffer *out, const char *kind, double x, double y, double width,
                    double height)
{
    hob_buffer_printf(out,
                      "<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"",
                      kind, x, y, width, height);
}

static double scale_of(double whole, double width)
{
    return whole > 0 ? width / whole : 0;
}

/* A step of 1, 2 or 5 times a power of ten, so that there are about six of them. */
static double step_of(double whole)
{
    double step = 1e-3;
    while (step * 6 < whole) {
        if (step * 12 >= whole)
            return step * 2;
        if (step * 30 >= whole)
            return step * 5;
        step *= 10;
    }
    return step;
}

/* Lines at round times, from top to bottom. */
static void put_axis(struct hob_buffer *out, double whole, double left, double width, double height)
{
    double step = step_of(whole), scale = scale_of(whole, width);
    int steps = scale > 0 ? (int)(whole * 1.0001 / step) : -1;
    for (int i = 0; i <= steps; i++) {
        double at = i * step;
        double x = left + at * scale;
        bool last = x > left + width - 40;
        hob_buffer_printf(out,
                          "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"18\" y2=\"%.0f\"/>"
                          "<text class=\"tick\" x=\"%.1f\" y=\"12\" text-anchor=\"%s\">%g ms"
                          "</text>\n",
                          x, x, height, x,
                          at == 0 ? "start"
                          : last  ? "end"
                                  : "middle",
                          at);
    }
}

/* ---- phases ---- */

void picture_put_phases(struct hob_buffer *out, const struct hob_profile *profile)
{
    double scale = scale_of(profile->phases_whole, WIDTH), x = 0;
    begin(out, 24 + BAR, "phases", "Phases of a run",
          "One bar, divided in the order of the table below.");
    put_axis(out, profile->phases_whole, 0, WIDTH, 24 + BAR);
    for (int i = 0; i < HOB_PHASE_COUNT; i++) {
        char kind[8];
        double width = profile->phases[i] * scale;
        if (width <= 0)
            continue;
        snprintf(kind, sizeof kind, "p%d", i);
        put_bar(out, kind, x, 24, width, BAR);
        hob_buffer_printf(out, "><title>%s, ", hob_phase_name((enum hob_phase_kind)i));
        hob_report_put_time(out, profile->phases[i]);
        hob_buffer_put_string(out, "</title></rect>\n");
        const char *name = hob_phase_name((enum hob_phase_kind)i);
        if (width > 9.0 * (double)strlen(name))
            hob_buffer_printf(out,
                              "<text class=\"inside\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s"
                              "</text>\n",
                              x + width / 2, 24 + BAR / 2 + 5, name);
        x += width;
    }
    end(out);
}

/* ---- imports ---- */

static bool is_shown(const struct hob_import *import, double least)
{
    return !import->interpreter && import->cumulative >= least;
}

/* The share below which modules are left out: such that the rows are not too many. */
static double least_shown(const struct hob_imports *imports)
{
    double least = imports->total / 200;
    size_t rows = MOST_ROWS + 1;
    while (rows > MOST_ROWS) {
        rows = 0;
        for (size_t i = 0; i < imports->count; i++)
            rows += is_shown(&imports->items[i], least);
        least *= rows > MOST_ROWS ? 1.3 : 1;
    }
    return least;
}

/* The name is cut where the bars begin. */
static void put_module_name(struct hob_buffer *out, const char *name, double room)
{
    HOB_AUTO(buffer) struct hob_buffer shown = HOB_BUFFER_INIT;
    size_t used, most = (size_t)(room / 7.4);
    hob_display_put(&shown, hob_text_from(name));
    size_t size = hob_display_fit(hob_buffer_text(&shown), most, &used);
    bool cut = size < shown.size;
    shown.size = cut ? hob_display_fit(hob_buffer_text(&shown), most - 1, &used) : size;
    picture_put_text(out, hob_buffer_string(&shown));
    hob_buffer_put_string(out, cut ? "…" : "");
}

static void put_module(struct hob_buffer *out, const struct hob_import *import, double first,
                       double scale, double y)
{
    unsigned depth = import->depth < DEEPEST ? import->depth : DEEPEST;
    double indent = depth * 12.0, x = NAMES + (import->start - first) * scale;
    double width = import->cumulative * scale, self = import->self * scale;
    hob_buffer_printf(out, "<text class=\"name\" x=\"%.0f\" y=\"%.0f\">", indent, y + 15);
    put_module_name(out, import->name, NAMES - 10 - indent);
    hob_buffer_put_string(out, "</text>\n<g><title>");
    picture_put_text(out, import->name);
    hob_buffer_put_string(out, ": ");
    hob_report_put_time(out, import->cumulative / 1e3);
    hob_buffer_put_string(out, ", itself ");
    hob_report_put_time(out, import->self / 1e3);
    hob_buffer_put_string(out, "</title>");
    put_bar(out, "whole", x, y + 3, width > 1 ? width : 1, ROW - 6);
    hob_buffer_put_string(out, "/>");
    put_bar(out, "self", x + width - self, y + 3, self > 1 ? self : 1, ROW - 6);
    hob_buffer_printf(out,
                      "/></g>\n<text class=\"figure\" x=\"%d\" y=\"%.0f\" text-anchor=\"end\">",
                      WIDTH, y + 15);
    hob_report_put_time(out, import->cumulative / 1e3);
    hob_buffer_put_string(out, "</text>\n");
}

void picture_put_imports(struct hob_buffer *out, const struct hob_imports *imports)
{
    double least = least_shown(imports), y = 22;
    double scale = scale_of(imports->total, WIDTH - NAMES - FIGURES);
    size_t rows = 0;
    for (size_t i = 0; i < imports->count; i++)
        rows += is_shown(&imports->items[i], least);
    double height = 26 + (double)rows * ROW;
    begin(out, height, "imports", "Import waterfall",
          "A row for each module, below the one that imported it: when its import began and ended; "
          "the strong part is its own code, the pale part modules that it imported.");
    put_axis(out, imports->total / 1e3, NAMES, WIDTH - NAMES - FIGURES, height);
    for (size_t i = 0; i < imports->count; i++)
        if (is_shown(&imports->items[i], least)) {
            put_module(out, &imports->items[i], imports->interpreter, scale, y);
            y += ROW;
        }
    end(out);
}

/* ---- memory ---- */

static double put_part(struct hob_buffer *out, const char *kind, const char *name, double x,
                       size_t bytes, double scale)
{
    double width = (double)bytes * scale;
    put_bar(out, kind, x, 0, width, BAR);
    hob_buffer_printf(out, "><title>%s, ", name);
    hob_report_put_size(out, bytes);
    hob_buffer_put_string(out, "</title></rect>\n");
    if (width > 130) {
        hob_buffer_printf(out,
                          "<text class=\"inside\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s ",
                          x + width / 2, BAR / 2 + 5, name);
        hob_report_put_size(out, bytes);
        hob_buffer_put_string(out, "</text>\n");
    }
    return x + width;
}

void picture_put_memory(struct hob_buffer *out, const struct hob_profile_memory *memory)
{
    size_t whole = memory->peak > memory->resident ? memory->peak : memory->resident;
    double scale = scale_of((double)whole, WIDTH), x = 0;
    begin(out, BAR, "memory", "Memory",
          "A bar as long as the peak: private memory at the end, shared memory, and what had been "
          "given back by then.");
    put_bar(out, "peak", 0, 0, WIDTH, BAR);
    hob_buffer_put_string(out, "><title>peak</title></rect>\n");
    x = put_part(out, "private", "private", x, memory->private_memory, scale);
    x = put_part(out, "shared", "shared", x, memory->shared, scale);
    if (whole > memory->resident)
        put_part(out, "given", "given back", x, whole - memory->resident, scale);
    end(out);
}

/* ---- the timeline ---- */

struct lanes {
    uint64_t ends[MOST_LANES]; /* of the last bar in each */
    size_t count;
};

/* The first lane below the parent's that is free; MOST_LANES when there is none. */
static size_t find_lane(struct lanes *lanes, size_t below, uint64_t start, uint64_t over)
{
    for (size_t i = below; i < MOST_LANES; i++)
        if (i >= lanes->count || lanes->ends[i] <= start) {
            lanes->ends[i] = over;
            for (size_t k = lanes->count; k < i; k++)
                lanes->ends[k] = 0;
            lanes->count = i >= lanes->count ? i + 1 : lanes->count;
            return i;
        }
    return MOST_LANES;
}

static void put_process(struct hob_buffer *out, const struct hob_build *build, size_t index,
                        double scale, size_t lane)
{
    const struct hob_follow_process *process = &build->follow.processes[index];
    double x = hob_milliseconds(process->start - build->follow.processes[0].start) * scale;
    double time = hob_milliseconds(process->end - process->start), width = time * scale;
    size_t group = build->group_of[index];
    char kind[16];
    HOB_AUTO(buffer) struct hob_buffer line = HOB_BUFFER_INIT;
    hob_build_put_line(&line, process->images[process->image_count - 1].words);
    snprintf(kind, sizeof kind, "g%zu", group < PICTURE_GROUPS ? group : PICTURE_GROUPS);
    width = x + (width > 0.6 ? width : 0.6) > WIDTH ? WIDTH - x : width > 0.6 ? width : 0.6;
    put_bar(out, kind, x, 22.0 + (double)lane * LANE, width, LANE - 3);
    hob_buffer_put_string(out, "><title>");
    picture_put_text(out, hob_buffer_string(&line));
    hob_buffer_put_string(out, ", ");
    hob_report_put_time(out, time);
    hob_buffer_put_string(out, "</title></rect>");
    const char *name = build->groups[group].name;
    if (width > 30 + 7.5 * (double)strlen(name)) {
        hob_buffer_printf(out, "<text class=\"inside small\" x=\"%.1f\" y=\"%.1f\">", x + 6,
                          22.0 + (double)lane * LANE + 11.5);
        picture_put_text(out, name);
        hob_buffer_put_string(out, "</text>");
    }
    hob_buffer_put_char(out, '\n');
}

void picture_put_timeline(struct hob_buffer *out, const struct hob_build *build)
{
    const struct hob_follow *follow = &build->follow;
    HOB_AUTO(buffer) struct hob_buffer bars = HOB_BUFFER_INIT;
    HOB_AUTO(free) size_t *lane_of = hob_alloc_zero(follow->count + 1, sizeof *lane_of);
    struct lanes lanes = {.count = 0};
    size_t shown = 0, left_out = 0;
    uint64_t last = follow->processes[0].end;
    for (size_t i = 0; i < follow->count; i++)
        last = follow->processes[i].end > last ? follow->processes[i].end : last;
    double whole = hob_milliseconds(last - follow->processes[0].start);
    for (size_t i = 0; i < follow->count; i++) {
        const struct hob_follow_process *process = &follow->processes[i];
        size_t below = process->parent < i ? lane_of[process->parent] + 1 : 0;
        bool drawn = process->image_count > 0 && shown < MOST_BARS;
        lane_of[i] =
            drawn ? find_lane(&lanes, below, process->start, process->end) : below - (below > 0);
        if (drawn && lane_of[i] < MOST_LANES) {
            put_process(&bars, build, i, scale_of(whole, WIDTH), lane_of[i]);
            shown++;
        } else if (process->image_count > 0) {
            left_out++;
        }
    }
    double height = 26 + (double)lanes.count * LANE;
    begin(out, height, "timeline", "Timeline of the build",
          "A bar for each process that became a program, from its start to its end, below the one "
          "that started it; colours are those of the table below.");
    put_axis(out, whole, 0, WIDTH, height);
    hob_buffer_put_text(out, hob_buffer_text(&bars));
    end(out);
    if (left_out > 0)
        hob_buffer_printf(out, "<p class=\"quiet\">%zu more processes are not drawn.</p>\n",
                          left_out);
}
