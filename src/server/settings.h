/* settings: everything that hobd can be told, by hob.yml and on its command line: one table.
 *
 * The file is named with --config, else by $HOB_CONFIG, else it is the first that exists of
 * $XDG_CONFIG_HOME/hob/hob.yml (~/.config/hob/hob.yml) and /etc/hob/hob.yml. A hob.yml in the
 * working directory is not looked for: the file can name commands that hobd runs, and whoever
 * unpacks or clones a directory and starts hobd there has not agreed to any. */
#ifndef HOB_SERVER_SETTINGS_H
#define HOB_SERVER_SETTINGS_H

#include "config/schema.h"

/* Zero or NULL where a row has no initial value and nothing was given. */
struct hob_settings {
    struct {
        const char *host;   /* "none": the unix socket only */
        uint64_t port;      /* 0: one that is free */
        const char *socket; /* "none": TCP only */
        uint64_t connections, threads;
    } listen;
    struct hob_setting_texts roots;
    bool working_root; /* beside them */
    struct {
        uint64_t body, file; /* bytes */
    } limits;
    struct {
        uint64_t threads, queue;
    } work;
    struct {
        uint64_t size; /* bytes; 0: off */
    } cache;
    struct {
        const char *state; /* "none": in memory only */
        int durability;    /* enum hob_durability */
        uint64_t memory, count;
    } sessions;
    struct {
        int level;        /* enum hob_log_level */
        const char *file; /* "none": stderr */
    } log;
    uint64_t drain;                  /* milliseconds */
    uint64_t idle;                   /* milliseconds; 0: never */
    struct hob_setting_groups pools; /* of struct hob_pool_settings */
};

extern const struct hob_setting hob_settings_rows[];

/* The reference page of all settings. */
void hob_settings_put_markdown(struct hob_buffer *out);

/* What stands for no file, in $HOB_CONFIG and behind --config. */
#define HOB_SETTINGS_NO_FILE "none"

/* The file to be read, or NULL in *path when there is none; malloc'd. `wanted` is what --config
 * says, or NULL. HOB_E_NOT_FOUND when a file was named that is not there. */
int hob_settings_find(const char *wanted, char **path, struct hob_error *error);

/* One option of a command line: `word` for the member at `place`. */
struct hob_settings_override {
    struct hob_schema_place place;
    const char *word; /* borrowed */
};

struct hob_settings_overrides {
    struct hob_settings_override *items;
    size_t count, capacity;
};

void hob_settings_overrides_deinit(struct hob_settings_overrides *overrides);

/* The row of an option ("--port"), or {NULL, 0}. */
struct hob_schema_place hob_settings_option(struct hob_text option);
/* Adds one; HOB_E_PARAMETER when the row does not take the word. */
int hob_settings_override(struct hob_settings_overrides *overrides, struct hob_schema_place place,
                          const char *word, struct hob_error *error);

/* Settings that were read, with all that they point to. */
struct hob_settings_read {
    struct hob_settings values;
    struct hob_mistakes mistakes;
    struct hob_arena *arena;
};

/* Reads the file (NULL: none) and lets the overrides win. HOB_E_VALUE when the file has mistakes,
 * all of which are in *out: hob_settings_read_free it in any case. Other codes: it cannot be read,
 * or belongs to somebody else or may be written by others (HOB_E_PERMISSION). */
int hob_settings_read(const char *path, const struct hob_settings_overrides *overrides,
                      struct hob_settings_read **out, struct hob_error *error);
/* The same for one who asks whether the file is right: what it names and is not there is a mistake
 * too. hobd itself says so when it needs it. */
int hob_settings_check(const char *path, struct hob_settings_read **out, struct hob_error *error);
struct hob_settings_read *hob_settings_read_free(struct hob_settings_read *settings);
static inline void hob_auto_settings_read(struct hob_settings_read **settings)
{
    hob_settings_read_free(*settings);
}

#endif
