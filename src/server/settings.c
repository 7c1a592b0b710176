/* settings: see settings.h. A new setting is a member of struct hob_settings and a row here; its
 * option, its help and its line in the reference follow. Layers below bring tables of their own:
 * their rows stand here as a group, behind those of the server. */
#include "server/settings.h"

#include "base/address.h"
#include "base/log.h"
#include "pool/settings.h"
#include "server/settings_file.h"
#include "session/journal.h"

#define MOST_DURATION (24.0 * 3600 * 1000)

static const char *const log_levels[] = {
    [HOB_LOG_ERROR] = "error",
    [HOB_LOG_WARNING] = "warning",
    [HOB_LOG_INFO] = "info",
    [HOB_LOG_DEBUG] = "debug",
    NULL,
};

static const char *const durabilities[] = {
    [HOB_DURABLE_POWER] = "power",
    [HOB_DURABLE_PROCESS] = "process",
    NULL,
};

/* hobd itself may be told another host on its command line, and so looks when it listens. */
static int look_at_host(const void *member, struct hob_error *error)
{
    const char *const *host = member;
    struct hob_address address;
    if (strcmp(*host, "none") == 0 || hob_address_set_host(&address, *host, 1))
        return 0;
    return hob_error_set(error, HOB_E_VALUE,
                         "expected an address of this machine, not '%s': such as 127.0.0.1, ::1 or "
                         "0.0.0.0, or none",
                         *host);
}

static int look_at_listen(const void *values, struct hob_error *error)
{
    const struct hob_settings *settings = values;
    if (strcmp(settings->listen.host, "none") != 0 || settings->listen.socket == NULL ||
        strcmp(settings->listen.socket, "none") != 0)
        return 0;
    return hob_error_set(error, HOB_E_VALUE,
                         "there is nowhere to listen: give a host or a socket, not none for both");
}

static const struct hob_setting listen_rows[] = {
    {.name = "host",
     HOB_SETTING(TEXT, struct hob_settings, listen.host),
     .initial = "127.0.0.1",
     .option = "--host",
     .argument = "ADDRESS",
     .look = look_at_host,
     .help = "listen on this address; none: at the unix socket only"},
    {.name = "port",
     HOB_SETTING(COUNT, struct hob_settings, listen.port),
     .initial = "8765",
     .most = UINT16_MAX,
     .option = "--port",
     .argument = "PORT",
     .help = "listen on this port; 0 takes one that is free"},
    {.name = "socket",
     HOB_SETTING(PATH, struct hob_settings, listen.socket),
     .unset = "$XDG_RUNTIME_DIR/hob/hobd.sock",
     .word = "none",
     .option = "--socket",
     .look = hob_schema_look_socket,
     .help = "the unix socket; none for TCP only"},
    {.name = "threads",
     HOB_SETTING(COUNT, struct hob_settings, listen.threads),
     .unset = "one a core",
     .most = 256,
     .option = "--threads",
     .help = "threads that talk to clients"},
    {.name = "connections",
     HOB_SETTING(COUNT, struct hob_settings, listen.connections),
     .unset = "as many as descriptors allow, at most 16384",
     .most = 1000000,
     .help = "connections at one time"},
    {0},
};

static const struct hob_setting limit_rows[] = {
    {.name = "body",
     HOB_SETTING(SIZE, struct hob_settings, limits.body),
     .initial = "64M",
     .live = true,
     .option = "--max-body",
     .help = "the largest request body"},
    {.name = "file",
     HOB_SETTING(SIZE, struct hob_settings, limits.file),
     .initial = "4G",
     .live = true,
     .option = "--max-file-size",
     .help = "the largest file that is read"},
    {0},
};

static const struct hob_setting work_rows[] = {
    {.name = "threads",
     HOB_SETTING(COUNT, struct hob_settings, work.threads),
     .unset = "two a core, at least 4",
     .most = 1024,
     .help = "threads for what may wait for a disk"},
    {.name = "queue",
     HOB_SETTING(COUNT, struct hob_settings, work.queue),
     .initial = "1024",
     .least = 1,
     .most = 1000000,
     .help = "requests that may wait for one of them; further ones are answered with 503"},
    {0},
};

static const struct hob_setting cache_rows[] = {
    {.name = "size",
     HOB_SETTING(SIZE, struct hob_settings, cache.size),
     .initial = "32M",
     .word = "off",
     .live = true,
     .option = "--cache",
     .help = "answers kept warm take at most this; off keeps none"},
    {0},
};

static const struct hob_setting session_rows[] = {
    {.name = "state",
     HOB_SETTING(PATH, struct hob_settings, sessions.state),
     .unset = "$XDG_STATE_HOME/hob",
     .word = "none",
     .option = "--state",
     .argument = "DIRECTORY",
     .look = hob_schema_look_place,
     .help = "where sessions are kept; none: in memory only"},
    {.name = "durability",
     HOB_SETTING(CHOICE, struct hob_settings, sessions.durability),
     .initial = "power",
     .choices = durabilities,
     .option = "--durability",
     .argument = "WHAT",
     .help = "what an edit that was answered survives: power cuts too, or the end of the process"},
    {.name = "memory",
     HOB_SETTING(SIZE, struct hob_settings, sessions.memory),
     .initial = "1G",
     .live = true,
     .option = "--session-memory",
     .help = "sessions take at most this of memory; others wait on the disk"},
    {.name = "count",
     HOB_SETTING(COUNT, struct hob_settings, sessions.count),
     .initial = "100000",
     .least = 1,
     .most = 10000000,
     .live = true,
     .help = "sessions at one time"},
    {0},
};

static const struct hob_setting log_rows[] = {
    {.name = "level",
     HOB_SETTING(CHOICE, struct hob_settings, log.level),
     .initial = "warning",
     .choices = log_levels,
     .live = true,
     .option = "--log-level",
     .argument = "LEVEL",
     .help = "how much is logged"},
    {.name = "file",
     HOB_SETTING(PATH, struct hob_settings, log.file),
     .unset = "stderr",
     .word = "none",
     .live = true,
     .option = "--log-file",
     .look = hob_schema_look_file,
     .help = "append the log to a file; it is opened anew on each reload"},
    {0},
};

/* The rows of a group name members of the whole struct, so the group itself starts with it. */
#define GROUP(table) .kind = HOB_SETTING_GROUP, .offset = 0, .rows = (table)

const struct hob_setting hob_settings_rows[] = {
    {.name = "roots",
     HOB_SETTING(PATHS, struct hob_settings, roots),
     .live = true,
     .option = "--root",
     .argument = "DIRECTORY",
     .look = hob_schema_look_directory,
     .help = "requests may use files below these, beside the working directory"},
    {.name = "working_root",
     HOB_SETTING(BOOLEAN, struct hob_settings, working_root),
     .initial = "yes",
     .live = true,
     .option = "--working-root",
     .help = "requests may use files below the working directory"},
    {.name = "idle",
     HOB_SETTING(DURATION, struct hob_settings, idle),
     .unset = "never",
     .word = "never",
     .most = MOST_DURATION * 3650,
     .live = true,
     .option = "--idle-timeout",
     .help = "stop after so long without a request"},
    {.name = "drain",
     HOB_SETTING(DURATION, struct hob_settings, drain),
     .initial = "30s",
     .least = 1000,
     .most = MOST_DURATION,
     .live = true,
     .option = "--drain",
     .help = "how long open requests may take when the server stops"},
    {.name = "listen",
     GROUP(listen_rows),
     .look = look_at_listen,
     .help = "where clients reach the server"},
    {.name = "limits", GROUP(limit_rows), .help = "what one request may use"},
    {.name = "work", GROUP(work_rows), .help = "what is done beside talking to clients"},
    {.name = "cache", GROUP(cache_rows), .help = "answers that are kept"},
    {.name = "sessions", GROUP(session_rows), .help = "tables that clients keep open"},
    {.name = "pools",
     HOB_SETTING_NAMED(struct hob_settings, pools, struct hob_pool_settings,
                       hob_pool_settings_rows),
     .check = hob_pool_settings_check,
     .look = hob_pool_settings_look,
     .live = true,
     .help = "programs that are kept warm, each under a name of its own"},
    {.name = "log", GROUP(log_rows), .help = "what is told of the server's work, and where"},
    {0},
};

void hob_settings_put_markdown(struct hob_buffer *out)
{
    hob_buffer_put_string(
        out,
        "<!-- Generated by `make docs`; what is written here by hand is lost. -->\n"
        "# Settings\n\n"
        "hobd reads one file of settings: the one that `--config` names, else the one that "
        "`$HOB_CONFIG` names, else\n"
        "the first that exists of `$XDG_CONFIG_HOME/hob/hob.yml` (`~/.config/hob/hob.yml`) and "
        "`/etc/hob/hob.yml`.\n"
        "The word `none` in place of a name means no file. A `hob.yml` in the working directory "
        "is not looked for: the\n"
        "file can name commands that hobd runs, and whoever starts hobd in a directory that "
        "somebody else has made has\n"
        "not agreed to them. `hobd --config hob.yml` says so.\n\n"
        "The file must belong to you or to root, and nobody else may be able to write to it.\n\n"
        "    hob config show --defaults > ~/.config/hob/hob.yml    a file to start from\n"
        "    hob config check                                      all that is wrong, with lines\n"
        "    hob config show                                       what a hobd started now would "
        "do\n"
        "    kill -HUP PID                                         apply the file to a hobd that "
        "runs\n\n"
        "An option of hobd's command line wins over the file, also after a reload; of `--root`, "
        "all that are given\n"
        "stand in place of the file's `roots`. A reload applies a file without mistakes, and one "
        "with mistakes changes\n"
        "nothing: the log says which they are. What needs a restart is told in the log as well. "
        "Without a file, SIGHUP\n"
        "stops hobd. Requests that are being answered end by the settings with which they "
        "began.\n\n"
        "Relative paths start from the directory of the file, `~/` from your home. Sizes are in "
        "bytes, or have K, M, G or\n"
        "T behind them (powers of 1024; KiB, MiB... are the same); durations are in seconds, or "
        "have ms, s, m, h or d\n"
        "behind them. A key without a value has its default. Mappings may merge others "
        "(`<<: *name`).\n");
    hob_schema_put_markdown(out, hob_settings_rows);
}

struct search {
    struct hob_text option;
    struct hob_schema_place place;
};

static void compare_option(void *data, const struct hob_schema_step *step)
{
    struct search *search = data;
    if (!step->named && step->row->option != NULL && hob_text_is(search->option, step->row->option))
        search->place = (struct hob_schema_place){step->row, step->offset};
}

struct hob_schema_place hob_settings_option(struct hob_text option)
{
    struct search search = {.option = option};
    hob_schema_walk(hob_settings_rows, compare_option, &search);
    return search.place;
}

int hob_settings_override(struct hob_settings_overrides *overrides, struct hob_schema_place place,
                          const char *word, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_settings unused;
    int code = hob_schema_set(arena, place, &word, 1, &unused, error);
    if (code != 0)
        return code;
    if (!HOB_TRY_GROW(overrides->items, overrides->capacity, overrides->count + 1))
        return hob_error_set(error, HOB_E_MEMORY, "there is not enough memory");
    overrides->items[overrides->count++] = (struct hob_settings_override){place, word};
    return 0;
}

void hob_settings_overrides_deinit(struct hob_settings_overrides *overrides)
{
    free(overrides->items);
    *overrides = (struct hob_settings_overrides){0};
}

/* Lists take all the words that were given for them, so those are set together. */
static int apply_overrides(const struct hob_settings_overrides *overrides,
                           struct hob_settings_read *settings, struct hob_error *error)
{
    HOB_AUTO(free) const char **words = hob_alloc_zero(overrides->count + 1, sizeof *words);
    for (size_t i = 0; i < overrides->count; i++) {
        struct hob_schema_place place = overrides->items[i].place;
        size_t count = 0;
        for (size_t j = 0; j < overrides->count; j++)
            if (overrides->items[j].place.row == place.row)
                words[count++] = overrides->items[j].word;
        int code = hob_schema_set(settings->arena, place, words, count, &settings->values, error);
        if (code != 0)
            return code;
    }
    return 0;
}

static int fail_mistakes(const char *path, const struct hob_mistakes *mistakes,
                         struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer first = HOB_BUFFER_INIT;
    hob_mistake_put(&first, path, &mistakes->items[0]);
    if (mistakes->found == 1)
        return hob_error_set(error, HOB_E_VALUE, "%s", hob_buffer_string(&first));
    hob_error_set(error, HOB_E_VALUE, "'%s' has %zu mistakes, the first is %s", path,
                  mistakes->found, hob_buffer_string(&first));
    hob_error_hint(error, "hob config check '%.200s' tells them all", path);
    return HOB_E_VALUE;
}

static int read_file(const char *path, bool looks, struct hob_settings_read *settings,
                     struct hob_error *error)
{
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    int code = hob_settings_load(path, &content, error);
    if (code != 0)
        return code;
    HOB_AUTO(free) char *directory = hob_settings_directory(path);
    struct hob_schema_source source = {.arena = settings->arena,
                                       .name = path,
                                       .text = content.text,
                                       .directory = directory,
                                       .looks = looks};
    if (hob_schema_read(&source, hob_settings_rows, &settings->values, &settings->mistakes))
        return 0;
    return fail_mistakes(path, &settings->mistakes, error);
}

static struct hob_settings_read *new_settings(void)
{
    struct hob_settings_read *settings = hob_alloc_zero(1, sizeof *settings);
    settings->arena = hob_arena_new();
    settings->mistakes.arena = settings->arena;
    hob_schema_fill(settings->arena, hob_settings_rows, &settings->values);
    return settings;
}

int hob_settings_read(const char *path, const struct hob_settings_overrides *overrides,
                      struct hob_settings_read **out, struct hob_error *error)
{
    *out = new_settings();
    int code = path != NULL ? read_file(path, false, *out, error) : 0;
    if (code == 0 && overrides != NULL)
        code = apply_overrides(overrides, *out, error);
    return code;
}

int hob_settings_check(const char *path, struct hob_settings_read **out, struct hob_error *error)
{
    *out = new_settings();
    return read_file(path, true, *out, error);
}

struct hob_settings_read *hob_settings_read_free(struct hob_settings_read *settings)
{
    if (settings == NULL)
        return NULL;
    hob_arena_free(settings->arena);
    free(settings);
    return NULL;
}
