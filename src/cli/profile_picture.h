/* profile_picture: the pictures of a report as SVG inside a page, whose style colours them (by the
 * classes p0, p1... of phases, g0, g1... of groups). Each has a title and a description for those
 * who don't see it. */
#ifndef HOB_CLI_PROFILE_PICTURE_H
#define HOB_CLI_PROFILE_PICTURE_H

#include "profile/build.h"
#include "profile/profile.h"

enum { PICTURE_GROUPS = 8 }; /* with a colour of their own */

/* Harmless text, with what HTML would understand escaped. */
void picture_put_text(struct hob_buffer *out, const char *text);

void picture_put_phases(struct hob_buffer *out, const struct hob_profile *profile);
/* A row for each module that takes a noticeable part of the time. */
void picture_put_imports(struct hob_buffer *out, const struct hob_imports *imports);
void picture_put_memory(struct hob_buffer *out, const struct hob_profile_memory *memory);
/* Processes as bars over time, below those that started them. */
void picture_put_timeline(struct hob_buffer *out, const struct hob_build *build);

#endif
