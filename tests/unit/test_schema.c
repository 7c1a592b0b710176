/* Tests of settings as a table: what is read, what is refused and how that is told, and that what
 * is printed reads back. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/quantity.h"
#include "config/schema.h"
#include "value/json.h"

struct limits {
    uint64_t least, most;
};

struct backup {
    struct hob_setting_texts command;
    uint64_t wait;
};

struct pool {
    struct hob_setting_texts command;
    int framing;
    struct limits workers;
    uint64_t idle;
    double jitter, factor;
    struct hob_setting_pairs environment;
    struct backup backup;
};

struct settings {
    const char *host, *socket;
    int64_t offset;
    uint64_t port, body, drain, cache;
    bool quiet;
    struct hob_setting_texts roots, methods;
    struct hob_setting_groups pools;
};

static const char *const framings[] = {"lines", "headers", NULL};

static int check_limits(const void *value, struct hob_error *error)
{
    const struct limits *limits = value;
    if (limits->least <= limits->most)
        return 0;
    return hob_error_set(error, HOB_E_VALUE, "the least is more than the most");
}

static const struct hob_setting limit_rows[] = {
    {.name = "min", HOB_SETTING(COUNT, struct limits, least), .help = "at least"},
    {.name = "max",
     HOB_SETTING(COUNT, struct limits, most),
     .initial = "4",
     .least = 1,
     .most = 64,
     .help = "at most"},
    {0},
};

static const struct hob_setting backup_rows[] = {
    {.name = "command",
     HOB_SETTING(COMMAND, struct backup, command),
     .required = true,
     .help = "what runs instead"},
    {.name = "wait", HOB_SETTING(DURATION, struct backup, wait), .initial = "1s", .help = "before"},
    {0},
};

static const struct hob_setting pool_rows[] = {
    {.name = "command",
     HOB_SETTING(COMMAND, struct pool, command),
     .required = true,
     .help = "what runs"},
    {.name = "framing",
     HOB_SETTING(CHOICE, struct pool, framing),
     .choices = framings,
     .initial = "lines",
     .help = "between messages"},
    {.name = "workers",
     HOB_SETTING_MEMBERS(struct pool, workers, limit_rows),
     .check = check_limits,
     .help = "how many"},
    {.name = "idle_timeout",
     HOB_SETTING(DURATION, struct pool, idle),
     .initial = "5m",
     .least = 100,
     .word = "never",
     .help = "until one ends"},
    {.name = "jitter",
     HOB_SETTING(PERCENT, struct pool, jitter),
     .initial = "10%",
     .most = 1,
     .help = "of chance"},
    {.name = "factor",
     HOB_SETTING(RATIO, struct pool, factor),
     .initial = "2",
     .least = 1,
     .most = 10,
     .help = "each time"},
    {.name = "env", HOB_SETTING(PAIRS, struct pool, environment), .help = "variables"},
    {.name = "fallback",
     HOB_SETTING_MEMBERS(struct pool, backup, backup_rows),
     .help = "without workers"},
    {0},
};

static int check_port(const void *value, struct hob_error *error)
{
    if (*(const uint64_t *)value != 6000)
        return 0;
    return hob_error_set(error, HOB_E_VALUE, "browsers refuse the port 6000");
}

static const struct hob_setting rows[] = {
    {.name = "host",
     HOB_SETTING(TEXT, struct settings, host),
     .initial = "127.0.0.1",
     .help = "where to listen"},
    {.name = "port",
     HOB_SETTING(COUNT, struct settings, port),
     .initial = "8765",
     .most = 65535,
     .check = check_port,
     .live = true,
     .help = "the port"},
    {.name = "socket",
     HOB_SETTING(PATH, struct settings, socket),
     .word = "none",
     .unset = "in the runtime directory",
     .help = "the socket"},
    {.name = "offset",
     HOB_SETTING(INTEGER, struct settings, offset),
     .least = -10,
     .most = 10,
     .help = "either way"},
    {.name = "max_body",
     HOB_SETTING(SIZE, struct settings, body),
     .initial = "64M",
     .least = 1024,
     .option = "--max-body",
     .help = "of a request"},
    {.name = "drain",
     HOB_SETTING(DURATION, struct settings, drain),
     .initial = "30s",
     .least = 1000,
     .most = 3600000,
     .help = "at the end"},
    {.name = "cache",
     HOB_SETTING(SIZE, struct settings, cache),
     .initial = "32M",
     .word = "off",
     .help = "kept | warm"},
    {.name = "quiet", HOB_SETTING(BOOLEAN, struct settings, quiet), .help = "say little"},
    {.name = "roots", HOB_SETTING(PATHS, struct settings, roots), .help = "allowed"},
    {.name = "methods",
     HOB_SETTING(TEXTS, struct settings, methods),
     .initial = "[ping, list]",
     .help = "known"},
    {.name = "pools",
     HOB_SETTING_NAMED(struct settings, pools, struct pool, pool_rows),
     .help = "workers"},
    {0},
};

/* What one test reads; the arena holds everything. */
struct read {
    struct hob_arena *arena;
    struct settings settings;
    struct hob_mistakes mistakes;
    bool good;
};

static void read_text(struct read *read, struct hob_text text)
{
    memset(read, 0x5A, sizeof *read); /* every member must be written */
    read->arena = hob_arena_new();
    read->mistakes = (struct hob_mistakes){.arena = read->arena};
    struct hob_schema_source source = {
        .arena = read->arena, .name = "hob.yml", .text = text, .directory = "/etc/hob"};
    read->good = hob_schema_read(&source, rows, &read->settings, &read->mistakes);
}

static void assert_good(struct read *read, const char *text)
{
    read_text(read, hob_text_from(text));
    if (!read->good)
        print_error("%s: %s\n", read->mistakes.items[0].key, read->mistakes.items[0].text);
    assert_true(read->good);
    assert_int_equal(read->mistakes.found, 0);
}

/* Reads a text and compares all that is wrong with it. */
static void assert_mistakes(const char *text, const char *expected)
{
    struct read read;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    read_text(&read, hob_text_from(text));
    hob_mistakes_put(&out, "hob.yml", &read.mistakes);
    assert_text_equal(hob_buffer_text(&out), expected);
    assert_false(read.good);
    hob_arena_free(read.arena);
}

static void what_is_not_given_has_its_initial_value(void **state)
{
    (void)state;
    static const char *const empty[] = {"", "# nothing\n", "---\n", "~", "{}", "host:\nport: ~\n"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        struct read read;
        assert_good(&read, empty[i]);
        const struct settings *settings = &read.settings;
        assert_string_equal(settings->host, "127.0.0.1");
        assert_null(settings->socket);
        assert_int_equal(settings->port, 8765);
        assert_int_equal(settings->offset, 0);
        assert_int_equal(settings->body, 64 << 20);
        assert_int_equal(settings->drain, 30000);
        assert_int_equal(settings->cache, 32 << 20);
        assert_false(settings->quiet);
        assert_int_equal(settings->roots.count, 0);
        assert_int_equal(settings->methods.count, 2);
        assert_string_equal(settings->methods.items[1], "list");
        assert_int_equal(settings->pools.count, 0);
        hob_arena_free(read.arena);
    }
    struct hob_arena *arena = hob_arena_new();
    struct settings settings;
    assert_true(hob_schema_fill(arena, rows, &settings));
    assert_int_equal(settings.drain, 30000);
    hob_arena_free(arena);
}

static void every_kind_is_read(void **state)
{
    (void)state;
    struct read read;
    setenv("HOME", "/home/ada", 1);
    assert_good(&read, "host: 0.0.0.0\nport: 0\nsocket: ~/run/s\noffset: -3\nmax_body: 1GiB\n"
                       "drain: 1.5m\ncache: off\nquiet: yes\nroots: [/srv, data, ~/x, '~ada']\n"
                       "methods: 8\n");
    const struct settings *settings = &read.settings;
    assert_string_equal(settings->host, "0.0.0.0");
    assert_int_equal(settings->port, 0);
    assert_string_equal(settings->socket, "/home/ada/run/s");
    assert_int_equal(settings->offset, -3);
    assert_int_equal(settings->body, 1 << 30);
    assert_int_equal(settings->drain, 90000);
    assert_int_equal(settings->cache, 0);
    assert_true(settings->quiet);
    assert_int_equal(settings->roots.count, 4);
    assert_string_equal(settings->roots.items[0], "/srv");
    assert_string_equal(settings->roots.items[1], "/etc/hob/data");
    assert_string_equal(settings->roots.items[2], "/home/ada/x");
    assert_string_equal(settings->roots.items[3], "/etc/hob/~ada");
    assert_int_equal(settings->methods.count, 1);
    assert_string_equal(settings->methods.items[0], "8");
    hob_arena_free(read.arena);
    assert_good(&read, "{\"socket\": \"none\", \"methods\": [], \"quiet\": false, \"drain\": 2}");
    assert_string_equal(read.settings.socket, "none");
    assert_int_equal(read.settings.methods.count, 0);
    assert_int_equal(read.settings.drain, 2000);
    hob_arena_free(read.arena);
}

static void named_groups_are_read(void **state)
{
    (void)state;
    struct read read;
    assert_good(&read, "pools:\n"
                       "  tools:\n"
                       "    command: [python3, bridge.py, 7]\n"
                       "    workers: {min: 1, max: 8}\n"
                       "    idle_timeout: never\n"
                       "    jitter: 2.5%\n"
                       "    env: {ROOT: ., N: 1, ON: yes, EMPTY: , QUOTED: \"\"}\n"
                       "    fallback: {command: [run]}\n"
                       "  other-1:\n"
                       "    command: [a]\n"
                       "    framing: headers\n");
    assert_int_equal(read.settings.pools.count, 2);
    const struct hob_setting_named *named = read.settings.pools.items;
    assert_string_equal(named[0].name, "tools");
    assert_int_equal(named[0].line, 2);
    assert_int_equal(named[1].line, 9);
    const struct pool *tools = named[0].values, *other = named[1].values;
    assert_int_equal(tools->command.count, 3);
    assert_string_equal(tools->command.items[2], "7");
    assert_int_equal(tools->workers.least, 1);
    assert_int_equal(tools->workers.most, 8);
    assert_int_equal(tools->idle, 0);
    assert_true(tools->jitter == 0.025);
    assert_true(tools->factor == 2);
    assert_int_equal(tools->environment.count, 5);
    assert_string_equal(tools->environment.items[0].name, "ROOT");
    assert_string_equal(tools->environment.items[0].value, ".");
    assert_string_equal(tools->environment.items[2].value, "yes");
    assert_string_equal(tools->environment.items[3].value, "");
    assert_string_equal(tools->backup.command.items[0], "run");
    assert_int_equal(tools->backup.wait, 1000);
    assert_int_equal(other->framing, 1);
    assert_int_equal(other->workers.most, 4);
    assert_int_equal(other->idle, 300000);
    assert_int_equal(other->environment.count, 0);
    assert_int_equal(other->backup.command.count, 0);
    hob_arena_free(read.arena);
}

static void mappings_merge_and_their_own_keys_win(void **state)
{
    (void)state;
    struct read read;
    assert_good(&read, "pools:\n"
                       "  a: &a {command: [one], idle_timeout: 1s, factor: 3}\n"
                       "  b: &b {<<: *a, factor: 4, framing: headers}\n"
                       "  c: {<<: [*b, *a], command: [three]}\n");
    const struct pool *c = read.settings.pools.items[2].values;
    assert_string_equal(c->command.items[0], "three");
    assert_int_equal(c->idle, 1000);
    assert_true(c->factor == 4);
    assert_int_equal(c->framing, 1);
    hob_arena_free(read.arena);
    assert_mistakes("pools:\n  a: &a {command: [x], <<: *a}\n",
                    "hob.yml:2: pools.a: merge keys (<<) are nested too deeply\n");
    assert_mistakes("pools:\n  a: {command: [x], <<: 7}\n",
                    "hob.yml:2: pools.a: expected a mapping, or a list of them, behind a merge key "
                    "(<<)\n");
}

static void all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    assert_mistakes(
        "hots: x\n"
        "port: 70000\n"
        "drain: soon\n"
        "pools:\n"
        "  tools:\n"
        "    command: python3 x.py\n"
        "    workers: {mxa: 3}\n"
        "    framing: lined\n"
        "  other: {}\n"
        "  bad name: {command: [x]}\n",
        "hob.yml:1: hots: unknown key; did you mean host?\n"
        "hob.yml:2: port: expected number from 0 to 65535, not '70000'\n"
        "hob.yml:3: drain: expected duration from 1s to 1h such as 30s, not 'soon'\n"
        "hob.yml:6: pools.tools.command: expected list of words such as [python3, worker.py], not "
        "'python3 x.py'\n"
        "hob.yml:7: pools.tools.workers.mxa: unknown key; did you mean max?\n"
        "hob.yml:8: pools.tools.framing: expected one of lines, headers, not 'lined'\n"
        "hob.yml:9: pools.other.command: is missing\n"
        "hob.yml:10: pools.bad name: a name has letters, digits, _, - and ., at most 64 of them\n");
}

static void each_kind_says_what_it_takes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *mistake;
    } cases[] = {
        {"host: []", "host: expected text, not a list"},
        {"host: ''", "host: expected text, not nothing"},
        {"host: \"a\\0b\"", "host: expected text, not 'a?b'"},
        {"host: !own x", "host: expected text, not 'x'"},
        {"host: !!binary aGk=", "host: expected text, not 'aGk='"},
        {"port: -1", "port: expected number from 0 to 65535, not '-1'"},
        {"port: 80.5", "port: expected number from 0 to 65535, not '80.5'"},
        {"port: 6000", "port: browsers refuse the port 6000"},
        {"offset: 11", "offset: expected integer from -10 to 10, not '11'"},
        {"offset: 99999999999999999999",
         "offset: expected integer from -10 to 10, not '99999999999999999999'"},
        {"max_body: 1", "max_body: expected size of at least 1K such as 64M, not '1'"},
        {"max_body: 64MB", "max_body: expected size of at least 1K such as 64M, not '64MB'"},
        {"cache: no", "cache: expected size such as 64M, or off, not 'no'"},
        {"cache: 0", "cache: expected size such as 64M, or off, not '0'"},
        {"quiet: 1", "quiet: expected yes or no, not '1'"},
        {"quiet: {}", "quiet: expected yes or no, not a mapping"},
        {"roots: [/a, [b]]", "roots[2]: expected path, not a list"},
        {"roots: [~]", "roots[1]: expected path, not nothing"},
        {"roots: {}", "roots: expected list of paths, not a mapping"},
        {"pools: [a]", "pools: expected mapping of names to mappings, not a list"},
        {"pools: {a: }", "pools.a: expected mapping, not nothing"},
        {"pools: {a: {command: []}}",
         "pools.a.command: expected list of words such as [python3, worker.py], not a list"},
        {"pools: {a: {command: [x], workers: 3}}", "pools.a.workers: expected mapping, not '3'"},
        {"pools: {a: {command: [x], workers: {min: 9}}}",
         "pools.a.workers: the least is more than the most"},
        {"pools: {a: {command: [x], jitter: 0.1}}",
         "pools.a.jitter: expected percentage from 0% to 100% such as 10%, not '0.1'"},
        {"pools: {a: {command: [x], factor: .nan}}",
         "pools.a.factor: expected number from 1 to 10 such as 1.5, not '.nan'"},
        {"pools: {a: {command: [x], env: {A: [1]}}}", "pools.a.env.A: expected text, not a list"},
        {"pools: {a: {command: [x], env: {A: 1, A: 2}}}",
         "pools.a.env.A: is there twice: keep one of them"},
        {"pools: {a: {command: [x], fallback: {}}}", "pools.a.fallback.command: is missing"},
        {"pools: {a: {command: ~}}", "pools.a.command: is missing"},
        {"pools: {? [a] : {command: [x]}}", "pools: expected a name as the key, not a list"},
        {"host: a\nhost: b", "host: is there twice: keep one of them"},
        {"host: a\nhost: ", "host: is there twice: keep one of them"},
        {"[1]", "expected mapping, not a list"},
        {"text", "expected mapping, not 'text'"},
        {"zzzzzzzz: 1", "zzzzzzzz: unknown key; there are host, port, socket, offset, max_body, "
                        "drain, cache, quiet, roots, methods, pools"},
        {"\"ho\\nst\": 1", "ho?st: unknown key; did you mean host?"},
        {"a: [", "cannot read 'hob.yml' as YAML: while parsing a flow node, did not find expected "
                 "node content, line 2, column 1; correct it there, or just before it"},
        {"a: *b", "cannot read 'hob.yml' as YAML: found the alias 'b', but no such anchor before "
                  "it, line 1, column 4; correct it there, or just before it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct read read;
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        read_text(&read, hob_text_from(cases[i].text));
        assert_false(read.good);
        struct hob_mistake mistake = read.mistakes.items[0];
        mistake.line = 0;
        hob_mistake_put(&out, "f", &mistake);
        assert_string_equal(hob_buffer_string(&out) + 3, cases[i].mistake);
        assert_int_equal(read.mistakes.found, 1);
        hob_arena_free(read.arena);
    }
}

static void mistakes_are_bounded_and_counted(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct read read;
    for (int i = 0; i < 60; i++)
        hob_buffer_printf(&text, "wrong%d: 1\n", i);
    read_text(&read, hob_buffer_text(&text));
    assert_int_equal(read.mistakes.found, 60);
    assert_int_equal(read.mistakes.kept, HOB_MISTAKES_KEPT);
    hob_mistakes_put(&out, "f", &read.mistakes);
    assert_non_null(strstr(hob_buffer_string(&out), "\nf: 10 more mistakes\n"));
    hob_arena_free(read.arena);
}

/* Each level merges the one below it twice: 2^15 mappings in a few lines. */
static void a_small_file_cannot_stand_for_a_large_one(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    struct read read;
    hob_buffer_put_string(&text, "pools:\n  p0: &p0 {command: [x], env: {A: b}, factor: 2}\n");
    for (int i = 1; i < 15; i++)
        hob_buffer_printf(&text, "  p%d: &p%d {<<: [*p%d, *p%d, *p%d]}\n", i, i, i - 1, i - 1,
                          i - 1);
    read_text(&read, hob_buffer_text(&text));
    assert_false(read.good);
    assert_non_null(
        strstr(read.mistakes.items[0].text, "there is more in this file than any settings need"));
    hob_arena_free(read.arena);
}

static void words_of_a_command_line_are_read_as_values_are(void **state)
{
    (void)state;
    struct read read;
    struct hob_error error = HOB_ERROR_INIT;
    assert_good(&read, "roots: [/a]\ncache: 1M\n");
    struct hob_schema_place body = {&rows[4], offsetof(struct settings, body)};
    struct hob_schema_place roots = {&rows[8], offsetof(struct settings, roots)};
    const char *const sizes[] = {"1M", "2M"}, *const paths[] = {"b", "/c"}, *const bad[] = {"x"};
    assert_int_equal(hob_schema_set(read.arena, body, sizes, 2, &read.settings, &error), 0);
    assert_int_equal(read.settings.body, 2 << 20);
    assert_int_equal(hob_schema_set(read.arena, roots, paths, 2, &read.settings, &error), 0);
    assert_int_equal(read.settings.roots.count, 2);
    assert_string_equal(read.settings.roots.items[0], "b");
    assert_int_equal(hob_schema_set(read.arena, body, bad, 1, &read.settings, &error),
                     HOB_E_PARAMETER);
    assert_string_equal(error.message, "expected size of at least 1K such as 64M, not 'x'");
    hob_arena_free(read.arena);
}

/* Prints the settings both ways and reads them again: the same is printed again. */
static void assert_reads_back(const char *text)
{
    struct read read, again;
    HOB_AUTO(buffer) struct hob_buffer yaml = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer json = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer second = HOB_BUFFER_INIT;
    assert_good(&read, text);
    hob_schema_put_yaml(&yaml, rows, &read.settings);
    hob_schema_put_json(&json, rows, &read.settings);
    assert_good(&again, hob_buffer_string(&yaml));
    hob_schema_put_json(&second, rows, &again.settings);
    assert_text_equal(hob_buffer_text(&second), hob_buffer_string(&json));
    hob_arena_free(again.arena);
    assert_good(&again, hob_buffer_string(&json));
    hob_buffer_clear(&second);
    hob_schema_put_yaml(&second, rows, &again.settings);
    assert_text_equal(hob_buffer_text(&second), hob_buffer_string(&yaml));
    const struct hob_value *value;
    assert_int_equal(hob_json_read(again.arena, hob_buffer_text(&json), &value, NULL), 0);
    hob_arena_free(again.arena);
    hob_arena_free(read.arena);
}

static void what_is_printed_reads_back(void **state)
{
    (void)state;
    assert_reads_back("");
    assert_reads_back(
        "host: yes\nsocket: none\ncache: off\nport: 0\noffset: -10\n"
        "methods: ['1', 'a: b', '# c', ~/x, \"\\x7f\\u2028 \\\"\\\\\", \xF0\x9F\x90\xA6, "
        "'-', 'null']\n");
    assert_reads_back("max_body: 1000000\ndrain: 1.001s\nquiet: true\n"
                      "pools: {a: {command: [x], jitter: 7%, factor: 1.1, idle_timeout: 100ms, "
                      "env: {A: '', 'b c': \"\\t\"}}, b: {command: ['y z'], fallback: {command: "
                      "[w], wait: 0}}}\n");
}

static void values_are_printed_as_people_write_them(void **state)
{
    (void)state;
    struct read read;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_good(&read, "cache: off\npools: {a: {command: [x, 'y z'], idle_timeout: 90s}}\n");
    hob_schema_put_yaml(&out, rows, &read.settings);
    assert_text_equal(hob_buffer_text(&out), "host: 127.0.0.1\n"
                                             "port: 8765\n"
                                             "socket:\n"
                                             "offset:\n"
                                             "max_body: 64M\n"
                                             "drain: 30s\n"
                                             "cache: off\n"
                                             "quiet: no\n"
                                             "roots: []\n"
                                             "methods: [ping, list]\n"
                                             "pools:\n"
                                             "  a:\n"
                                             "    command: [x, \"y z\"]\n"
                                             "    framing: lines\n"
                                             "    workers:\n"
                                             "      min:\n"
                                             "      max: 4\n"
                                             "    idle_timeout: 90s\n"
                                             "    jitter: 10%\n"
                                             "    factor: 2.0\n"
                                             "    env: {}\n"
                                             "    fallback:\n");
    hob_arena_free(read.arena);
}

/* Without the first # of each line that has a key behind it. */
static void uncomment(struct hob_buffer *out, const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n") + 1, indent = strspn(text, " ");
        bool key = text[indent] == '#' && text[indent + 1] != ' ';
        hob_buffer_put(out, text, indent);
        hob_buffer_put(out, text + indent + key, size - indent - key);
        text += size;
    }
}

static void the_template_holds_every_key_and_changes_nothing(void **state)
{
    (void)state;
    struct read read;
    HOB_AUTO(buffer) struct hob_buffer template = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer live = HOB_BUFFER_INIT;
    hob_schema_put_template(&template, rows);
    assert_good(&read, hob_buffer_string(&template));
    assert_int_equal(read.settings.body, 64 << 20);
    assert_int_equal(read.settings.pools.count, 0);
    hob_arena_free(read.arena);
    uncomment(&live, hob_buffer_string(&template));
    read_text(&read, hob_buffer_text(&live));
    /* Of the pool of the example, all that must be given is missing, and nothing else. */
    assert_int_equal(read.settings.pools.count, 1);
    assert_int_equal(read.mistakes.found, 2);
    assert_string_equal(read.mistakes.items[0].key, "pools.NAME.command");
    assert_string_equal(read.mistakes.items[1].key, "pools.NAME.fallback.command");
    hob_arena_free(read.arena);
}

static void the_reference_has_a_line_for_each_key(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    hob_schema_put_markdown(&out, rows);
    const char *text = hob_buffer_string(&out);
    static const char *const parts[] = {
        "| `port` | number from 0 to 65535 | `8765` | the port | applies |\n",
        "| `socket` | path, or none | in the runtime directory | the socket | needs a restart |\n",
        "| `max_body` | size of at least 1K such as 64M | `64M` | of a request (`hobd --max-body`) "
        "| needs a restart |\n",
        "| kept \\| warm |",
        "\n## pools\n\nWorkers.\n",
        "| `pools.NAME.command` | list of words such as [python3, worker.py] | *must be given* |",
        "| `pools.NAME.workers.max` |",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(text, parts[i]) == NULL)
            print_error("not in the reference: %s\n%s", parts[i], text);
        assert_non_null(strstr(text, parts[i]));
    }
}

static void quantities_read_back(void **state)
{
    (void)state;
    static const char *const durations[] = {"0s", "1ms", "100ms", "999ms", "1s",    "90s",
                                            "2m", "1h",  "25h",   "1d",    "36500d"};
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        uint64_t milliseconds, again;
        assert_true(hob_duration_parse(hob_text_from(durations[i]), &milliseconds));
        hob_buffer_clear(&out);
        hob_duration_put(&out, milliseconds);
        assert_text_equal(hob_buffer_text(&out), durations[i]);
        hob_buffer_clear(&out);
        hob_duration_put_seconds(&out, milliseconds);
        assert_true(hob_duration_parse(hob_buffer_text(&out), &again));
        assert_int_equal(again, milliseconds);
    }
    static const char *const none[] = {"",        "s",         "-1s",  "1 s",  "1w",  "1e3",
                                       "0.0001s", "1..2",      "inf",  "nan",  "1S",  "5 m",
                                       ".",       "99999999d", "0x10", "1h30", "1ms2"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        uint64_t milliseconds;
        assert_false(hob_duration_parse(hob_text_from(none[i]), &milliseconds));
    }
    for (int i = 0; i <= 1000; i++) {
        char text[16];
        double share;
        snprintf(text, sizeof text, i % 10 == 0 ? "%d%%" : "%d.%d%%", i / 10, i % 10);
        assert_true(hob_percent_parse(hob_text_from(text), &share));
        hob_buffer_clear(&out);
        hob_percent_put(&out, share);
        assert_text_equal(hob_buffer_text(&out), text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_has_its_initial_value),
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(named_groups_are_read),
        cmocka_unit_test(mappings_merge_and_their_own_keys_win),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(each_kind_says_what_it_takes),
        cmocka_unit_test(mistakes_are_bounded_and_counted),
        cmocka_unit_test(a_small_file_cannot_stand_for_a_large_one),
        cmocka_unit_test(words_of_a_command_line_are_read_as_values_are),
        cmocka_unit_test(what_is_printed_reads_back),
        cmocka_unit_test(values_are_printed_as_people_write_them),
        cmocka_unit_test(the_template_holds_every_key_and_changes_nothing),
        cmocka_unit_test(the_reference_has_a_line_for_each_key),
        cmocka_unit_test(quantities_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
