/* profile_report: what `hob profile` found, for people (a table, a page) and for programs (JSON).
 */
#ifndef HOB_CLI_PROFILE_REPORT_H
#define HOB_CLI_PROFILE_REPORT_H

#include "cli/output.h"
#include "profile/build.h"
#include "profile/profile.h"

/* On the terminal; `width` 0: nothing is cut. */
void hob_profile_put_table(struct hob_buffer *out, const struct hob_profile *profile);
void hob_build_put_table(struct hob_buffer *out, const struct hob_build *build, unsigned width);

/* One document each, described in docs/profile.md; a line end behind it. */
void hob_profile_put_json(struct hob_buffer *out, const struct hob_profile *profile);
void hob_build_put_json(struct hob_buffer *out, const struct hob_build *build);

/* One page each that needs nothing else: no network, no scripts. */
void hob_profile_put_html(struct hob_buffer *out, const struct hob_profile *profile);
void hob_build_put_html(struct hob_buffer *out, const struct hob_build *build);

/* ---- what these have in common ---- */

/* "0.42 ms", "131 ms", "2.10 s"; "18.4 MB". */
void hob_report_put_time(struct hob_buffer *out, double milliseconds);
void hob_report_put_size(struct hob_buffer *out, size_t bytes);
/* The words as they could be typed again, harmless. */
void hob_report_put_words(struct hob_buffer *out, const char *const *words);
/* Start-up and the end: what is not the program's own work. */
double hob_report_overhead(const struct hob_profile *profile);

/* The recommendation: sentences, one a line, each from figures that were measured. Harmless text.
 */
void hob_profile_put_advice(struct hob_buffer *out, const struct hob_profile *profile);
void hob_build_put_advice(struct hob_buffer *out, const struct hob_build *build);
/* How the cold runs were made cold, or why they could not be. One line. */
void hob_profile_put_cold(struct hob_buffer *out, const struct hob_profile *profile);
/* What is said of a rival behind its figure. One line; may be nothing. */
void hob_profile_put_rival_note(struct hob_buffer *out, const struct hob_rival *rival);

#endif
