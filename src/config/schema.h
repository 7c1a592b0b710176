/* schema: settings as a table of rows, and what is made of the table: reading a YAML file into a
 * struct with every mistake told at once, the reference of the settings, and a file to start from.
 *
 *     struct lamp { bool lit; uint64_t fade; struct hob_setting_texts colors; };
 *     static const struct hob_setting rows[] = {
 *         {.name = "lit", HOB_SETTING(BOOLEAN, struct lamp, lit), .initial = "yes", .help = "..."},
 *         {.name = "fade", HOB_SETTING(DURATION, struct lamp, fade), .initial = "2s",
 *          .word = "never", .least = 100, .help = "how long it takes"},
 *         {.name = "colors", HOB_SETTING(TEXTS, struct lamp, colors), .help = "..."},
 *         {0},
 *     };
 *
 * Values are written into the caller's struct at the offset of each row; whatever a text or a list
 * points to lives in the caller's arena. A key that is missing, or whose value is null, has its
 * `initial` value; without one it is all zero. A mapping may merge another (`<<: *common`): its own
 * keys win. */
#ifndef HOB_CONFIG_SCHEMA_H
#define HOB_CONFIG_SCHEMA_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

enum hob_setting_kind {
    HOB_SETTING_BOOLEAN,  /* yes, no, on, off, true, false */
    HOB_SETTING_INTEGER,  /* with a sign */
    HOB_SETTING_COUNT,    /* without */
    HOB_SETTING_SIZE,     /* bytes: 1048576, 1M, 1MiB */
    HOB_SETTING_DURATION, /* milliseconds; written as 100ms, 30s, 5m, 2h, 1d; bare: seconds */
    HOB_SETTING_PERCENT,  /* 10% is 0.1 */
    HOB_SETTING_RATIO,    /* 1.5 */
    HOB_SETTING_CHOICE,   /* the place in `choices`, from 0 */
    HOB_SETTING_TEXT,     /* never empty; NULL when not given */
    HOB_SETTING_PATH,     /* the same; ~/ is the home, a relative one starts from `directory` */
    HOB_SETTING_TEXTS,    /* a list of texts, or a single one */
    HOB_SETTING_PATHS,
    HOB_SETTING_COMMAND, /* the words of a command line: a list that is not empty */
    HOB_SETTING_PAIRS,   /* a mapping of texts to texts, as of an environment */
    HOB_SETTING_GROUP,   /* `rows` for a struct that is a member */
    HOB_SETTING_GROUPS,  /* a mapping from names, chosen by the user, to such groups */
};

struct hob_setting_texts {
    const char **items;
    size_t count;
};

struct hob_setting_pairs {
    struct hob_setting_pair {
        const char *name, *value; /* the value may be "" */
    } * items;
    size_t count;
};

struct hob_setting_groups {
    struct hob_setting_named {
        const char *name; /* letters, digits, _, - and ., at most 64 */
        void *values;     /* the struct that the rows describe */
        size_t line;      /* of the name */
    } * items;
    size_t count;
};

/* The members' types. */
#define HOB_TYPE_OF_BOOLEAN bool
#define HOB_TYPE_OF_INTEGER int64_t
#define HOB_TYPE_OF_COUNT uint64_t
#define HOB_TYPE_OF_SIZE uint64_t
#define HOB_TYPE_OF_DURATION uint64_t
#define HOB_TYPE_OF_PERCENT double
#define HOB_TYPE_OF_RATIO double
#define HOB_TYPE_OF_CHOICE int
#define HOB_TYPE_OF_TEXT const char *
#define HOB_TYPE_OF_PATH const char *
#define HOB_TYPE_OF_TEXTS struct hob_setting_texts
#define HOB_TYPE_OF_PATHS struct hob_setting_texts
#define HOB_TYPE_OF_COMMAND struct hob_setting_texts
#define HOB_TYPE_OF_PAIRS struct hob_setting_pairs

/* Kind and place of a row; a member of another type does not compile. */
#define HOB_SETTING(KIND, owner, member)                                                           \
    .kind = HOB_SETTING_##KIND,                                                                    \
    .offset = offsetof(owner, member) +                                                            \
              0 * sizeof(_Generic(((owner *)0)->member, HOB_TYPE_OF_##KIND : 0))
#define HOB_SETTING_MEMBERS(owner, member, table)                                                  \
    .kind = HOB_SETTING_GROUP, .offset = offsetof(owner, member), .rows = (table)
/* `named` is the struct that stands behind each name. */
#define HOB_SETTING_NAMED(owner, member, named, table)                                             \
    .kind = HOB_SETTING_GROUPS,                                                                    \
    .offset = offsetof(owner, member) +                                                            \
              0 * sizeof(_Generic(((owner *)0)->member, struct hob_setting_groups : 0)),           \
    .rows = (table), .size = sizeof(named)

struct hob_setting {
    const char *name; /* of the key; NULL ends a table */
    enum hob_setting_kind kind;
    size_t offset;
    const char *initial; /* as it would stand in the file ("64M", "[a, b]"); NULL: all zero */
    const char *unset;   /* without `initial`: what then holds ("one a core"); NULL: nothing */
    const char *help;    /* one line, no full stop */
    /* Numbers: the range, in the unit of the member; most == 0: as much as fits. Exact up to 2^53.
     */
    double least, most;
    /* Numbers: may stand in place of one ("off", "never"), and is 0, whatever the range says.
     * TEXT and PATH: stands for itself ("none"). */
    const char *word;
    const char *const *choices;     /* CHOICE: ended by NULL */
    const struct hob_setting *rows; /* GROUP, GROUPS */
    size_t size;                    /* GROUPS: of the struct behind each name */
    bool required;                  /* a group without it is a mistake */
    bool live;                      /* applies without a restart */
    const char *option;             /* of hobd's command line: "--max-body"; NULL: none */
    const char *argument;           /* what stands for its value in help; NULL: by the kind */
    /* Looks at the member (GROUP, GROUPS: at the struct of each group) when nothing else is wrong
     * with it; a negative code and the message of what is. NULL: nothing more to say. */
    int (*check)(const void *value, struct hob_error *error);
    /* The same for what can only be known where hobd will run, as whether a directory is there;
     * called with `looks` only, for each path of a list, and not for the row's `word`. */
    int (*look)(const void *value, struct hob_error *error);
};

/* Of rows of paths: "expected a directory that is there, not '/srv/dat': make it, or ...". */
int hob_schema_look_directory(const void *path, struct hob_error *error);
/* ...whose file is made where needed, but not the directory around it. */
int hob_schema_look_file(const void *path, struct hob_error *error);
/* ...whose socket is made. */
int hob_schema_look_socket(const void *path, struct hob_error *error);
/* ...where a directory is made when it is not there. */
int hob_schema_look_place(const void *path, struct hob_error *error);

/* One thing that is wrong. */
struct hob_mistake {
    size_t line;     /* from 1; 0: of no line */
    const char *key; /* "pools.tools.workers.max"; "" for the file as a whole */
    const char *text;
};

enum { HOB_MISTAKES_KEPT = 50 };

/* Start with {.arena = ...}; ordered by line. */
struct hob_mistakes {
    struct hob_arena *arena; /* borrowed: of the texts */
    struct hob_mistake items[HOB_MISTAKES_KEPT];
    size_t kept;
    size_t found; /* all of them */
};

void hob_mistakes_add(struct hob_mistakes *mistakes, size_t line, const char *key,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A line "NAME:12: pools.tools.wokers: unknown key; did you mean workers?" for each. */
void hob_mistakes_put(struct hob_buffer *out, const char *name,
                      const struct hob_mistakes *mistakes);
/* One of these lines, without its end. */
void hob_mistake_put(struct hob_buffer *out, const char *name, const struct hob_mistake *mistake);

struct hob_schema_source {
    struct hob_arena *arena; /* of the values */
    const char *name;        /* of the file, for messages */
    struct hob_text text;    /* the file; it may go afterwards */
    const char *directory;   /* where relative paths start; NULL: they stay as they are */
    bool looks;              /* also asks each row's `look` */
};

/* Fills the struct with initial values; what was in it is not looked at. False when one of them is
 * not what its own row takes. */
bool hob_schema_fill(struct hob_arena *arena, const struct hob_setting *rows, void *values);
/* Fills it with initial values and then with those of the file. Adds what is wrong to *mistakes;
 * false when that was anything: the values are then of no use. */
bool hob_schema_read(const struct hob_schema_source *source, const struct hob_setting *rows,
                     void *values, struct hob_mistakes *mistakes);

/* A row, and where its member is in the struct of the whole table. */
struct hob_schema_place {
    const struct hob_setting *row;
    size_t offset;
};

/* Sets one member from the words of a command line; lists take several, of other kinds the last
 * counts. HOB_E_PARAMETER: "expected size such as 64M, not 'x'". */
int hob_schema_set(struct hob_arena *arena, struct hob_schema_place place, const char *const *words,
                   size_t count, void *values, struct hob_error *error);

/* One row of a walk over a table. */
struct hob_schema_step {
    const struct hob_setting *row;
    const char *key; /* "listen.port"; below names "pools.NAME.command" */
    size_t offset;   /* in the struct of the whole table, or, where `named`, of the named group */
    unsigned depth;  /* of nesting, from 0 */
    bool named;      /* below a mapping of names */
};
typedef void hob_schema_visit(void *data, const struct hob_schema_step *step);
/* Calls `visit` for each row, those of groups behind the group itself. */
void hob_schema_walk(const struct hob_setting *rows, hob_schema_visit *visit, void *data);

/* What a row takes: "size such as 64M, or off". */
void hob_schema_put_expected(struct hob_buffer *out, const struct hob_setting *row);
/* What stands for its value in help: "SIZE". */
const char *hob_schema_argument(const struct hob_setting *row);
/* The value of one member as a file would have it; `json`: as JSON, with sizes in bytes and
 * durations in seconds. Nothing for a member that is not set (JSON: null). */
void hob_schema_put_value(struct hob_buffer *out, const struct hob_setting *row, const void *member,
                          bool json);

/* All values as a file that can be read again, or as JSON, which can be read again as well. */
void hob_schema_put_yaml(struct hob_buffer *out, const struct hob_setting *rows,
                         const void *values);
void hob_schema_put_json(struct hob_buffer *out, const struct hob_setting *rows,
                         const void *values);
/* A file to start from: each key with its help and its initial value, all commented out. */
void hob_schema_put_template(struct hob_buffer *out, const struct hob_setting *rows);
/* The reference: a Markdown table a group. */
void hob_schema_put_markdown(struct hob_buffer *out, const struct hob_setting *rows);

#endif
