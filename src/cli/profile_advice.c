/* profile_advice: figures as sentences. Nothing is said here that was not measured. */
#include "cli/display.h"
#include "cli/profile_report.h"

static const double worth_it = 0.1; /* a smaller share of the time is not worth a change */

void hob_report_put_time(struct hob_buffer *out, double milliseconds)
{
    double size = milliseconds < 0 ? -milliseconds : milliseconds;
    if (size > 0 && size < 0.9995)
        hob_buffer_printf(out, "%.*f µs", size < 0.00995 ? 1 : 0, milliseconds * 1e3);
    else if (size < 9.995)
        hob_buffer_printf(out, "%.2f ms", milliseconds);
    else if (size < 99.95)
        hob_buffer_printf(out, "%.1f ms", milliseconds);
    else if (size < 9999.5)
        hob_buffer_printf(out, "%.0f ms", milliseconds);
    else
        hob_buffer_printf(out, "%.1f s", milliseconds / 1e3);
}

void hob_report_put_size(struct hob_buffer *out, size_t bytes)
{
    if (bytes >= 999950000)
        hob_buffer_printf(out, "%.2f GB", (double)bytes / 1e9);
    else if (bytes >= 999950)
        hob_buffer_printf(out, "%.1f MB", (double)bytes / 1e6);
    else
        hob_buffer_printf(out, "%.0f kB", (double)bytes / 1e3);
}

static bool is_plain(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./=:,@%+";
    return word[0] != '\0' && word[strspn(word, plain)] == '\0';
}

void hob_report_put_words(struct hob_buffer *out, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        hob_buffer_put_string(out, i > 0 ? " " : "");
        if (is_plain(words[i])) {
            hob_buffer_put_string(out, words[i]);
            continue;
        }
        hob_buffer_put_char(out, '\'');
        for (const char *at = words[i]; *at != '\0';) {
            size_t size = strcspn(at, "'");
            hob_display_put(out, (struct hob_text){at, size});
            hob_buffer_put_string(out, at[size] != '\0' ? "'\\''" : "");
            at += size + (at[size] != '\0');
        }
        hob_buffer_put_char(out, '\'');
    }
}

double hob_report_overhead(const struct hob_profile *profile)
{
    return profile->phases_whole - profile->phases[HOB_PHASE_WORK] -
           profile->phases[HOB_PHASE_CONFIGURATION];
}

static void put_share(struct hob_buffer *out, double part, double whole)
{
    hob_buffer_printf(out, "%.0f %%", whole > 0 ? part / whole * 100 : 0);
}

static void put_rival_advice(struct hob_buffer *out, const struct hob_profile *profile,
                             enum hob_rival_kind kind)
{
    const struct hob_rival *rival = &profile->rivals[kind];
    double now = hob_times_median(&profile->warm), then = hob_times_median(&rival->times);
    hob_buffer_put_string(out, kind == HOB_RIVAL_NATIVE ? "Native: " : "Warm exec: ");
    hob_report_put_words(out, rival->arguments);
    hob_buffer_put_string(out, " takes ");
    hob_report_put_time(out, then);
    if (then < now) {
        hob_buffer_put_string(out, ", which saves ");
        hob_report_put_time(out, now - then);
        hob_buffer_put_string(out, " of each run (");
        put_share(out, now - then, now);
        hob_buffer_put_string(out, ")");
    } else {
        hob_buffer_put_string(out, ", which saves nothing");
    }
    hob_buffer_put_string(out, rival->same ? ", with the same output.\n"
                                           : "; but its output or status was another one.\n");
}

static void put_phase_advice(struct hob_buffer *out, const struct hob_profile *profile)
{
    double overhead = hob_report_overhead(profile);
    bool worth = overhead > worth_it * profile->phases_whole;
    hob_buffer_put_string(out, "Start-up and exit take ");
    hob_report_put_time(out, overhead);
    hob_buffer_put_string(out, " of a run of ");
    hob_report_put_time(out, profile->phases_whole);
    hob_buffer_put_string(out, " (");
    put_share(out, overhead, profile->phases_whole);
    hob_buffer_put_string(out, worth ? "): that is the most that a warm process can save.\n"
                                     : "): you do not need hob for this command.\n");
}

static void put_launcher_advice(struct hob_buffer *out, const struct hob_profile *profile)
{
    hob_buffer_put_string(out, "What runs before the interpreter takes ");
    hob_report_put_time(out, profile->phases[HOB_PHASE_LAUNCHER]);
    hob_buffer_put_string(out, " (");
    put_share(out, profile->phases[HOB_PHASE_LAUNCHER], profile->phases_whole);
    hob_buffer_put_string(out, "): starting ");
    hob_display_put(out, hob_text_from(profile->interpreter));
    hob_buffer_put_string(out, " itself saves that without hob.\n");
}

void hob_profile_put_advice(struct hob_buffer *out, const struct hob_profile *profile)
{
    const struct hob_rival *call = &profile->rivals[HOB_RIVAL_WARM_CALL];
    if (profile->phases_known)
        put_phase_advice(out, profile);
    if (profile->phases_known &&
        profile->phases[HOB_PHASE_LAUNCHER] > worth_it * profile->phases_whole)
        put_launcher_advice(out, profile);
    for (int kind = HOB_RIVAL_NATIVE; kind <= HOB_RIVAL_WARM_EXEC; kind++)
        if (profile->rivals[kind].measured)
            put_rival_advice(out, profile, (enum hob_rival_kind)kind);
    if (call->measured) {
        hob_buffer_put_string(out, "Warm call: a call to a worker takes at least ");
        hob_report_put_time(out, hob_times_median(&call->times));
        hob_buffer_put_string(out,
                              "; that is the floor, not this tool's time, which is its work on "
                              "top.\n");
    }
    if (!profile->phases_known && profile->interpreter == NULL)
        hob_buffer_put_string(out, "No Python told of itself, so start-up and work can't be told "
                                   "apart.\n");
}

void hob_build_put_advice(struct hob_buffer *out, const struct hob_build *build)
{
    for (size_t i = 0; i < build->saving_count; i++) {
        const struct hob_build_saving *saving = &build->savings[i];
        if (saving->total <= 0 || i >= 6)
            continue;
        hob_buffer_printf(out, "%s for '",
                          saving->kind == HOB_RIVAL_NATIVE      ? "Native"
                          : saving->kind == HOB_RIVAL_WARM_EXEC ? "Warm exec"
                                                                : "Warm call");
        hob_display_put(out, hob_text_from(saving->group->name));
        hob_buffer_printf(out, "': %zu call%s × (", saving->group->calls,
                          saving->group->calls == 1 ? "" : "s");
        hob_report_put_time(out, saving->before);
        hob_buffer_put_string(out, " − ");
        hob_report_put_time(out, saving->after);
        hob_buffer_put_string(out, saving->kind == HOB_RIVAL_WARM_CALL ? ") is at most " : ") is ");
        hob_report_put_time(out, saving->total);
        hob_buffer_put_string(out, ", about ");
        hob_report_put_time(out, saving->whole);
        hob_buffer_put_string(out, " of the build's ");
        hob_report_put_time(out, build->whole);
        hob_buffer_put_string(out, " (");
        put_share(out, saving->whole, build->whole);
        hob_buffer_put_string(out, ").\n");
    }
    if (build->interpreter == NULL)
        hob_buffer_put_string(out, "No Python told of itself: there is no start-up here that hob "
                                   "knows how to save.\n");
}

void hob_profile_put_cold(struct hob_buffer *out, const struct hob_profile *profile)
{
    const struct hob_cache_state *before = &profile->before_drop, *after = &profile->after_drop;
    if (profile->cold.count == 0) {
        hob_buffer_put_string(out, "not run cold: it is not known which files to drop from memory");
        return;
    }
    hob_buffer_put_string(out, profile->dropped_everything
                                   ? "all file caches of the machine were dropped"
                                   : "its own files were dropped from memory");
    if (before->files > 0) {
        hob_buffer_put_string(out, "; of ");
        hob_report_put_size(out, before->resident);
        hob_buffer_put_string(out, " there, ");
        hob_report_put_size(out, after->resident);
        hob_buffer_put_string(out, " stayed, in use by other processes or not on the disk yet");
    }
    if (before->unknown > 0)
        hob_buffer_printf(out, "; of %zu files of other users it is not known", before->unknown);
    if (profile->cold_read > 0) {
        hob_buffer_put_string(out, "; a run then read ");
        hob_report_put_size(out, profile->cold_read);
        hob_buffer_put_string(out, " from the disk");
    } else {
        hob_buffer_put_string(out, "; but nothing was read from a disk: these runs were not cold");
    }
}

void hob_profile_put_rival_note(struct hob_buffer *out, const struct hob_rival *rival)
{
    if (rival->note != NULL)
        hob_display_put(out, hob_text_from(rival->note));
    else if (rival->measured)
        hob_buffer_put_string(out, rival->same ? "same output" : "other output or status");
}
