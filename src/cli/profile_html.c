/* profile_html: the report as a page. */
#include <time.h>

#include "cli/profile_picture.h"
#include "cli/profile_report.h"

enum { MOST_MODULES = 200, MOST_LINES = 12, MOST_GROUPS = 200 };

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1d2129;--quiet:#5c6470;--page:#fbfbf9;--card:#fff;"
    "--line:#dcdfe4;--inside:#fff;--self:#c2410c;--whole:#f6c79b;--peak:#e6e8ec;"
    "--c0:#64748b;--c1:#7c3aed;--c2:#2563eb;--c3:#c2410c;--c4:#a16207;--c5:#15803d;--c6:#9d174d;"
    "--c7:#0e7490;--c8:#3f4a5a}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e8ec;--quiet:#a2aab6;--page:#15181d;"
    "--card:#1d2127;--line:#363c46;--inside:#fff;--self:#ea6a2a;--whole:#6b3d22;--peak:#2c323b;"
    "--c0:#64748b;--c1:#8b5cf6;--c2:#3b74e8;--c3:#d4571c;--c4:#a87414;--c5:#23914c;--c6:#be2c6b;"
    "--c7:#14889f;--c8:#8792a3}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--page);color:var(--ink);"
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif}"
    "main{max-width:68rem;margin:0 auto;padding:2rem 1.25rem 4rem}"
    "h1{font-size:1.75rem;line-height:1.2;margin:0 0 .5rem}h2{font-size:1.2rem;margin:2.5rem 0 "
    ".5rem}"
    "code{font:.9em/1.45 ui-monospace,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}"
    ".command{display:block;background:var(--card);border:1px solid "
    "var(--line);border-radius:.5rem;"
    "padding:.6rem .9rem}"
    ".quiet{color:var(--quiet)}p{margin:.4rem 0 .8rem}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.8rem;"
    "margin:1.25rem 0 0;padding:0;list-style:none}"
    ".cards li{background:var(--card);border:1px solid var(--line);border-radius:.5rem;"
    "padding:.7rem .9rem}"
    ".cards b{display:block;font-size:1.6rem;line-height:1.25;font-variant-numeric:tabular-nums}"
    ".cards span{color:var(--quiet);font-size:.88rem}"
    ".wide{overflow-x:auto}svg{display:block;width:100%;min-width:44rem;height:auto;"
    "font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:var(--ink)}"
    "table{border-collapse:collapse;width:100%;margin:.6rem 0;font-variant-numeric:tabular-nums}"
    "th,td{text-align:left;padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--line);"
    "vertical-align:top}th{font-weight:600;font-size:.88rem;color:var(--quiet);white-space:nowrap}"
    ".n{text-align:right}.n,.way{white-space:nowrap}.n+td:not(.n),.n+th:not(.n){padding-left:.5rem}"
    "td.n:last-child,th.n:last-child{padding-right:0}"
    ".mark{display:inline-block;width:.8em;height:.8em;border-radius:.2em;margin-right:.5em}"
    "summary{cursor:pointer;color:var(--quiet)}details{margin:.5rem 0}"
    "ul.advice{padding-left:1.2rem}ul.advice li{margin:.35rem 0}"
    ".axis{stroke:var(--line)}.tick{fill:var(--quiet);font-size:11.5px}"
    ".inside{fill:var(--inside);font-weight:600}.small{font-size:11px;font-weight:500}"
    ".figure{font-variant-numeric:tabular-nums}"
    ".whole{fill:var(--whole)}.self{fill:var(--self)}.peak{fill:var(--peak)}"
    ".private{fill:var(--c2)}.shared{fill:var(--c5)}.given{fill:var(--c0)}"
    ".p0{fill:var(--c0);background:var(--c0)}.p1{fill:var(--c1);background:var(--c1)}"
    ".p2{fill:var(--c2);background:var(--c2)}.p3{fill:var(--c3);background:var(--c3)}"
    ".p4{fill:var(--c4);background:var(--c4)}.p5{fill:var(--c5);background:var(--c5)}"
    ".p6{fill:var(--c6);background:var(--c6)}"
    ".g0{fill:var(--c2);background:var(--c2)}.g1{fill:var(--c3);background:var(--c3)}"
    ".g2{fill:var(--c5);background:var(--c5)}.g3{fill:var(--c1);background:var(--c1)}"
    ".g4{fill:var(--c4);background:var(--c4)}.g5{fill:var(--c7);background:var(--c7)}"
    ".g6{fill:var(--c6);background:var(--c6)}.g7{fill:var(--c8);background:var(--c8)}"
    ".g8{fill:var(--c0);background:var(--c0)}"
    ".private-mark{background:var(--c2)}.shared-mark{background:var(--c5)}"
    ".given-mark{background:var(--c0)}"
    "footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:.8rem;font-size:.88rem}"
    "@media print{body{background:#fff}svg{min-width:0}}";

static void put_words(struct hob_buffer *out, const char *const *words)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_report_put_words(&text, words);
    picture_put_text(out, hob_buffer_string(&text));
}

static void begin(struct hob_buffer *out, const char *title, const char *const *words)
{
    hob_buffer_put_string(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                               "<meta charset=\"utf-8\">\n"
                               "<meta name=\"viewport\" content=\"width=device-width, "
                               "initial-scale=1\">\n"
                               "<meta http-equiv=\"Content-Security-Policy\" "
                               "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
                               "<title>");
    hob_buffer_printf(out, "%s: ", title);
    put_words(out, words);
    hob_buffer_printf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n<h1>%s</h1>\n",
                      style, title);
    hob_buffer_put_string(out, "<code class=\"command\">");
    put_words(out, words);
    hob_buffer_put_string(out, "</code>\n");
}

static void end(struct hob_buffer *out)
{
    char when[40];
    time_t now = time(NULL);
    struct tm parts;
    strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &parts));
    hob_buffer_printf(out,
                      "<footer class=\"quiet\">Measured on %s with hob " HOB_VERSION
                      ".</footer>\n</main>\n</body>\n</html>\n",
                      when);
}

static void begin_cards(struct hob_buffer *out)
{
    hob_buffer_put_string(out, "<ul class=\"cards\">\n");
}

static void put_time_card(struct hob_buffer *out, double milliseconds, const char *meaning)
{
    hob_buffer_put_string(out, "<li><b>");
    hob_report_put_time(out, milliseconds);
    hob_buffer_printf(out, "</b><span>%s</span></li>\n", meaning);
}

static void put_number_card(struct hob_buffer *out, size_t number, const char *meaning)
{
    hob_buffer_printf(out, "<li><b>%zu</b><span>%s</span></li>\n", number, meaning);
}

static void put_time_cell(struct hob_buffer *out, double milliseconds)
{
    hob_buffer_put_string(out, "<td class=\"n\">");
    hob_report_put_time(out, milliseconds);
    hob_buffer_put_string(out, "</td>");
}

static void put_share_cell(struct hob_buffer *out, double part, double whole)
{
    hob_buffer_printf(out, "<td class=\"n\">%.1f %%</td>", whole > 0 ? part / whole * 100 : 0.0);
}

static void put_advice(struct hob_buffer *out, struct hob_buffer *advice)
{
    const char *at = hob_buffer_string(advice);
    hob_buffer_put_string(out, "<h2>Recommendation</h2>\n<ul class=\"advice\">\n");
    while (*at != '\0') {
        size_t size = strcspn(at, "\n");
        HOB_AUTO(buffer) struct hob_buffer line = HOB_BUFFER_INIT;
        hob_buffer_put(&line, at, size);
        hob_buffer_put_string(out, "<li>");
        picture_put_text(out, hob_buffer_string(&line));
        hob_buffer_put_string(out, "</li>\n");
        at += size + (at[size] != '\0');
    }
    hob_buffer_put_string(out, "</ul>\n");
}

static void put_notes(struct hob_buffer *out, const char *const *notes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hob_buffer_put_string(out, "<p class=\"quiet\">Note: ");
        picture_put_text(out, notes[i]);
        hob_buffer_put_string(out, "</p>\n");
    }
}

/* ---- one command ---- */

static void put_cards(struct hob_buffer *out, const struct hob_profile *profile)
{
    begin_cards(out);
    put_time_card(out, hob_times_median(&profile->warm), "warm run, median");
    if (profile->cold.count > 0)
        put_time_card(out, hob_times_median(&profile->cold), "cold run, median");
    if (profile->phases_known) {
        hob_buffer_printf(out, "<li><b>%.0f %%</b><span>start-up and exit</span></li>\n",
                          hob_report_overhead(profile) / profile->phases_whole * 100);
        put_time_card(out, profile->phases[HOB_PHASE_IMPORTS], "imports");
    }
    hob_buffer_put_string(out, "<li><b>");
    hob_report_put_size(out, profile->memory.peak);
    hob_buffer_put_string(out, "</b><span>memory, at most</span></li>\n</ul>\n");
}

static void put_run_row(struct hob_buffer *out, const char *name, const struct hob_times *times)
{
    if (times->count == 0)
        return;
    hob_buffer_printf(out, "<tr><td>%s</td>", name);
    put_time_cell(out, hob_times_median(times));
    put_time_cell(out, hob_times_quantile(times, 0));
    put_time_cell(out, hob_times_quantile(times, 0.25));
    put_time_cell(out, hob_times_quantile(times, 0.75));
    put_time_cell(out, hob_times_quantile(times, 1));
    hob_buffer_printf(out, "<td class=\"n\">%zu</td></tr>\n", times->count);
}

static void put_runs(struct hob_buffer *out, const struct hob_profile *profile)
{
    HOB_AUTO(buffer) struct hob_buffer cold = HOB_BUFFER_INIT;
    hob_buffer_put_string(out, "<h2>Runs</h2>\n<div class=\"wide\"><table>\n<tr><th>Run</th>"
                               "<th class=\"n\">Median</th><th class=\"n\">Lowest</th>"
                               "<th class=\"n\">25 %</th><th class=\"n\">75 %</th>"
                               "<th class=\"n\">Highest</th><th class=\"n\">Runs</th></tr>\n");
    put_run_row(out, "cold", &profile->cold);
    put_run_row(out, "warm", &profile->warm);
    put_run_row(out, "the interpreter with an empty program", &profile->bare);
    put_run_row(out, "followed, for the phases below", &profile->followed);
    hob_buffer_put_string(out, "</table></div>\n<p class=\"quiet\">Cold: ");
    hob_profile_put_cold(&cold, profile);
    picture_put_text(out, hob_buffer_string(&cold));
    hob_buffer_put_string(out, ".</p>\n");
}

static void put_phases(struct hob_buffer *out, const struct hob_profile *profile)
{
    if (profile->phases_whole <= 0)
        return;
    hob_buffer_put_string(out, "<h2>Phases of a run</h2>\n<div class=\"wide\">\n");
    picture_put_phases(out, profile);
    hob_buffer_put_string(out, "</div>\n<div class=\"wide\"><table>\n<tr><th>Phase</th>"
                               "<th class=\"n\">Time</th><th class=\"n\">Share</th>"
                               "<th>What it is</th></tr>\n");
    for (int i = 0; i < HOB_PHASE_COUNT; i++) {
        if (!profile->phases_known && i != HOB_PHASE_START && i != HOB_PHASE_WORK)
            continue;
        hob_buffer_printf(out, "<tr><td><span class=\"mark p%d\"></span>%s</td>", i,
                          hob_phase_name((enum hob_phase_kind)i));
        put_time_cell(out, profile->phases[i]);
        put_share_cell(out, profile->phases[i], profile->phases_whole);
        hob_buffer_printf(out, "<td class=\"quiet\">%s</td></tr>\n",
                          profile->phases_known || i == HOB_PHASE_START
                              ? hob_phase_meaning((enum hob_phase_kind)i)
                              : "all of the rest: nothing told of itself");
    }
    hob_buffer_put_string(out, "<tr><td>all of it</td>");
    put_time_cell(out, profile->phases_whole);
    hob_buffer_put_string(out,
                          "<td class=\"n\">100.0 %</td><td class=\"quiet\">one run, the median "
                          "of those that were followed: that costs a little</td></tr>\n"
                          "</table></div>\n");
}

static void put_imports(struct hob_buffer *out, const struct hob_imports *imports)
{
    size_t all = 0, shown = 0;
    for (size_t i = 0; i < imports->count; i++)
        all += !imports->items[i].interpreter;
    if (all == 0)
        return;
    hob_buffer_printf(out, "<h2>Imports</h2>\n<p>%zu module%s in ", all, all == 1 ? "" : "s");
    hob_report_put_time(out, imports->total / 1e3);
    hob_buffer_put_string(out, ". The strong part of a bar is the module itself, the pale part "
                               "what it imported.</p>\n<div class=\"wide\">\n");
    picture_put_imports(out, imports);
    hob_buffer_put_string(out, "</div>\n<details><summary>As a table</summary>\n<table>\n<tr>"
                               "<th>Module</th><th class=\"n\">With what it imports</th>"
                               "<th class=\"n\">Itself</th></tr>\n");
    for (size_t i = 0; i < imports->count && shown < MOST_MODULES; i++) {
        const struct hob_import *import = &imports->items[i];
        if (import->interpreter)
            continue;
        hob_buffer_printf(out, "<tr><td style=\"padding-left:%.1frem\"><code>",
                          0.8 * (import->depth < 12 ? import->depth : 12));
        picture_put_text(out, import->name);
        hob_buffer_put_string(out, "</code></td>");
        put_time_cell(out, import->cumulative / 1e3);
        put_time_cell(out, import->self / 1e3);
        hob_buffer_put_string(out, "</tr>\n");
        shown++;
    }
    hob_buffer_put_string(out, "</table>\n");
    if (shown < all)
        hob_buffer_printf(out, "<p class=\"quiet\">and %zu more</p>\n", all - shown);
    hob_buffer_put_string(out, "</details>\n");
}

static void put_memory_row(struct hob_buffer *out, const char *kind, const char *name, size_t bytes,
                           const char *meaning)
{
    hob_buffer_put_string(out, "<tr><td>");
    if (kind != NULL)
        hob_buffer_printf(out, "<span class=\"mark %s-mark\"></span>", kind);
    hob_buffer_printf(out, "%s</td><td class=\"n\">", name);
    hob_report_put_size(out, bytes);
    hob_buffer_printf(out, "</td><td class=\"quiet\">%s</td></tr>\n", meaning);
}

static void put_memory(struct hob_buffer *out, const struct hob_profile_memory *memory)
{
    hob_buffer_put_string(out, "<h2>Memory</h2>\n");
    if (memory->known) {
        hob_buffer_put_string(out, "<div class=\"wide\">\n");
        picture_put_memory(out, memory);
        hob_buffer_put_string(out, "</div>\n");
    }
    hob_buffer_put_string(out, "<table>\n<tr><th>Memory</th><th class=\"n\">Size</th>"
                               "<th>What it is</th></tr>\n");
    put_memory_row(out, NULL, "peak", memory->peak, "of the largest process");
    if (memory->known) {
        put_memory_row(out, "private", "private", memory->private_memory,
                       "its own at its end: what each further process takes");
        put_memory_row(out, "shared", "shared", memory->shared,
                       "with other processes: libraries, mostly");
    }
    if (memory->known && memory->peak > memory->resident)
        put_memory_row(out, "given", "given back", memory->peak - memory->resident,
                       "in use at the peak, not at the end");
    hob_buffer_put_string(out, "</table>\n");
}

static void put_rivals(struct hob_buffer *out, const struct hob_profile *profile)
{
    double now = hob_times_median(&profile->warm);
    hob_buffer_put_string(out,
                          "<h2>In its place</h2>\n<div class=\"wide\"><table>\n<tr><th>Way</th>"
                          "<th class=\"n\">Median</th><th class=\"n\">Saves</th><th>Command"
                          "</th><th>What is said of it</th></tr>\n");
    for (int i = 0; i < HOB_RIVAL_COUNT; i++) {
        const struct hob_rival *rival = &profile->rivals[i];
        HOB_AUTO(buffer) struct hob_buffer note = HOB_BUFFER_INIT;
        hob_profile_put_rival_note(&note, rival);
        hob_buffer_printf(out, "<tr><td class=\"way\">%s</td>",
                          hob_rival_name((enum hob_rival_kind)i));
        if (rival->measured)
            put_time_cell(out, hob_times_median(&rival->times));
        else
            hob_buffer_put_string(out, "<td class=\"n\">–</td>");
        if (rival->measured && !rival->floor)
            put_time_cell(out, now - hob_times_median(&rival->times));
        else
            hob_buffer_put_string(out, "<td class=\"n\">–</td>");
        hob_buffer_put_string(out, "<td><code>");
        if (rival->arguments != NULL)
            put_words(out, rival->arguments);
        hob_buffer_put_string(out, "</code></td><td class=\"quiet\">");
        picture_put_text(out, hob_buffer_string(&note));
        hob_buffer_put_string(out, "</td></tr>\n");
    }
    hob_buffer_put_string(out, "</table></div>\n");
}

void hob_profile_put_html(struct hob_buffer *out, const struct hob_profile *profile)
{
    HOB_AUTO(buffer) struct hob_buffer advice = HOB_BUFFER_INIT;
    begin(out, "Where the time of a command goes", profile->arguments);
    put_cards(out, profile);
    put_phases(out, profile);
    put_imports(out, &profile->imports);
    put_memory(out, &profile->memory);
    put_runs(out, profile);
    put_rivals(out, profile);
    put_notes(out, profile->notes, profile->note_count);
    hob_profile_put_advice(&advice, profile);
    put_advice(out, &advice);
    end(out);
}

/* ---- a build ---- */

static void put_lines(struct hob_buffer *out, const struct hob_build_group *group)
{
    if (group->line_count == 1) {
        hob_buffer_put_string(out, "<br><code class=\"quiet\">");
        picture_put_text(out, group->lines[0].text);
        hob_buffer_put_string(out, "</code>");
        return;
    }
    hob_buffer_printf(out, "<details><summary>%zu command lines</summary>\n", group->line_count);
    for (size_t i = 0; i < group->line_count && i < MOST_LINES; i++) {
        hob_buffer_printf(out, "<div>%zu × <code>", group->lines[i].calls);
        picture_put_text(out, group->lines[i].text);
        hob_buffer_put_string(out, "</code></div>\n");
    }
    if (group->line_count > MOST_LINES)
        hob_buffer_printf(out, "<div class=\"quiet\">and %zu more</div>\n",
                          group->line_count - MOST_LINES);
    hob_buffer_put_string(out, "</details>");
}

static void put_group(struct hob_buffer *out, const struct hob_build *build, size_t index)
{
    const struct hob_build_group *group = &build->groups[index];
    hob_buffer_printf(out, "<tr><td><span class=\"mark g%zu\"></span>",
                      index < PICTURE_GROUPS ? index : (size_t)PICTURE_GROUPS);
    picture_put_text(out, group->name);
    put_lines(out, group);
    hob_buffer_printf(out, "</td><td class=\"n\">%zu</td>", group->calls);
    put_time_cell(out, group->time / (double)group->calls);
    put_time_cell(out, group->own);
    put_share_cell(out, group->start_up, group->time);
    if (group->most_at_once > 1)
        hob_buffer_printf(out, "<td>parallel, up to %u</td>", group->most_at_once);
    else
        hob_buffer_put_string(out, "<td>serial</td>");
    if (build->follow.files_known)
        hob_buffer_printf(out, "<td class=\"n\">%zu</td>", group->opened);
    hob_buffer_put_string(out, "<td class=\"n\">");
    hob_report_put_size(out, group->peak);
    hob_buffer_printf(out, "</td><td class=\"n\">%zu</td></tr>\n", group->failed);
}

static void put_groups(struct hob_buffer *out, const struct hob_build *build)
{
    hob_buffer_printf(out,
                      "<h2>Commands</h2>\n<p class=\"quiet\">Own time is without the time in which "
                      "a process had children. Start-up is the time until the program began: for "
                      "Python with its imports.</p>\n<div class=\"wide\"><table>\n<tr>"
                      "<th>Command</th><th class=\"n\">Calls</th><th class=\"n\">Each</th>"
                      "<th class=\"n\">Own time</th><th class=\"n\">Start-up</th><th>Order</th>%s"
                      "<th class=\"n\">Peak</th><th class=\"n\">Failed</th></tr>\n",
                      build->follow.files_known ? "<th class=\"n\">Files</th>" : "");
    for (size_t i = 0; i < build->group_count && i < MOST_GROUPS; i++)
        put_group(out, build, i);
    hob_buffer_put_string(out, "</table></div>\n");
    if (build->group_count > MOST_GROUPS)
        hob_buffer_printf(out, "<p class=\"quiet\">and %zu more</p>\n",
                          build->group_count - MOST_GROUPS);
}

static void put_savings(struct hob_buffer *out, const struct hob_build *build)
{
    if (build->saving_count == 0)
        return;
    hob_buffer_put_string(out, "<h2>In their place</h2>\n<div class=\"wide\"><table>\n<tr>"
                               "<th>Way</th><th>Command</th><th class=\"n\">Calls</th>"
                               "<th class=\"n\">Goes</th><th class=\"n\">Comes</th>"
                               "<th class=\"n\">Saves</th><th class=\"n\">Of the build</th>"
                               "<th>What is said of it</th></tr>\n");
    for (size_t i = 0; i < build->saving_count; i++) {
        const struct hob_build_saving *saving = &build->savings[i];
        hob_buffer_printf(out, "<tr><td class=\"way\">%s</td><td>", hob_rival_name(saving->kind));
        picture_put_text(out, saving->group->name);
        hob_buffer_printf(out, "</td><td class=\"n\">%zu</td>", saving->group->calls);
        put_time_cell(out, saving->before);
        put_time_cell(out, saving->after);
        put_time_cell(out, saving->total);
        put_share_cell(out, saving->whole, build->whole);
        hob_buffer_printf(out, "<td class=\"quiet\">%s</td></tr>\n", saving->note);
    }
    hob_buffer_put_string(out, "</table></div>\n");
}

void hob_build_put_html(struct hob_buffer *out, const struct hob_build *build)
{
    HOB_AUTO(buffer) struct hob_buffer advice = HOB_BUFFER_INIT;
    begin(out, "Where the time of a build goes", build->arguments);
    begin_cards(out);
    put_time_card(out, build->whole, "from start to end");
    put_number_card(out, build->calls, "calls of programs");
    put_number_card(out, build->most_at_once, "working at once, at most");
    put_number_card(out, hob_map_count(build->follow.files), "different files opened");
    hob_buffer_put_string(out, "</ul>\n<h2>Timeline</h2>\n<div class=\"wide\">\n");
    picture_put_timeline(out, build);
    hob_buffer_put_string(out, "</div>\n");
    put_groups(out, build);
    put_savings(out, build);
    put_notes(out, build->notes, build->note_count);
    for (int i = 0; i < HOB_RIVAL_COUNT; i++)
        if (!build->rivals[i].measured && build->rivals[i].note != NULL)
            put_notes(out, &build->rivals[i].note, 1);
    hob_build_put_advice(&advice, build);
    put_advice(out, &advice);
    end(out);
}
