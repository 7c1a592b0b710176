/* What the files of the schema share. */
#ifndef HOB_CONFIG_SCHEMA_INTERNAL_H
#define HOB_CONFIG_SCHEMA_INTERNAL_H

#include "config/schema.h"

/* Reads one scalar into a member. False when it is not what the row takes; *problem is then what
 * the row's check said, or NULL. */
bool schema_read_scalar(const struct hob_schema_source *source, const struct hob_setting *row,
                        struct hob_text text, void *member, const char **problem);

/* A text or path, in the arena; NULL when it is none (empty, a NUL inside). */
const char *schema_copy_text(const struct hob_schema_source *source, bool is_path,
                             struct hob_text text);

/* Runs the row's check, if it has one, and where the source looks its `look`, unless that is for
 * the single paths of a list; NULL, or the message. */
const char *schema_check(const struct hob_schema_source *source, const struct hob_setting *row,
                         const void *member);
/* Runs the row's look alone. */
const char *schema_look(const struct hob_schema_source *source, const struct hob_setting *row,
                        const void *member);

/* Of the member; 0 for groups. */
size_t schema_size(const struct hob_setting *row);

static inline bool schema_is_list(const struct hob_setting *row)
{
    return row->kind == HOB_SETTING_TEXTS || row->kind == HOB_SETTING_PATHS ||
           row->kind == HOB_SETTING_COMMAND;
}

static inline bool schema_has_rows(const struct hob_setting *row)
{
    return row->kind == HOB_SETTING_GROUP || row->kind == HOB_SETTING_GROUPS;
}

static inline void *schema_member(void *values, const struct hob_setting *row)
{
    return (char *)values + row->offset;
}

static inline const void *schema_member_const(const void *values, const struct hob_setting *row)
{
    return (const char *)values + row->offset;
}

#endif
