/* Tests of the parser of command lines, and of the guesses at what was meant. */
#include "check.h"

#include "base/nearest.h"
#include "cli/options.h"

static void put_colors(struct hob_buffer *out)
{
    hob_buffer_put_string(out, "red green");
}

static const struct hob_option options[] = {
    {.name = "color", .letter = 'c', .argument = "COLOR", .choices = put_colors, .help = "which"},
    {.name = "add", .letter = 'a', .argument = "TEXT", .repeatable = true, .help = "what"},
    {.name = "names", .letter = 'n', .argument = "NAME...", .many = true, .help = "whose"},
    {.name = "quiet", .letter = 'q', .help = "say less"},
    {.name = "long", .letter = 'l', .help = "say more"},
    {.name = "secret", .hidden = true, .help = "say nothing"},
    {0},
};

static const struct hob_command command = {.name = "try",
                                           .arguments = "FIRST SECOND",
                                           .options = options,
                                           .least_words = 1,
                                           .most_words = 2};

static struct hob_error last_error;

/* Parses words that are separated by blanks; `_` stands for an empty word. */
static int parse(struct hob_arguments *arguments, const char *line)
{
    static char storage[512];
    char *words[32];
    size_t count = 0;
    assert_true(strlen(line) < sizeof storage);
    strcpy(storage, line);
    for (char *word = strtok(storage, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = strcmp(word, "_") == 0 ? word + 1 : word;
    last_error = (struct hob_error)HOB_ERROR_INIT;
    *arguments = (struct hob_arguments){.command = &command, .program = "hob try", .name = "hob"};
    return hob_arguments_parse(arguments, count, words, &last_error);
}

static void assert_wrong(const char *line, const char *message, const char *hint)
{
    HOB_AUTO(arguments) struct hob_arguments arguments;
    assert_int_equal(parse(&arguments, line), HOB_E_PARAMETER);
    assert_int_equal(hob_error_exit_status(HOB_E_PARAMETER), 2);
    assert_string_equal(last_error.message, message);
    assert_string_equal(last_error.hint, hint);
}

static void a_value_may_follow_in_four_ways(void **state)
{
    (void)state;
    const char *lines[] = {"x --color red", "x --color=red", "x -c red", "x -cred"};
    for (size_t i = 0; i < 4; i++) {
        HOB_AUTO(arguments) struct hob_arguments arguments;
        assert_int_equal(parse(&arguments, lines[i]), 0);
        assert_string_equal(hob_arguments_value(&arguments, "color"), "red");
        assert_int_equal(arguments.word_count, 1);
        assert_string_equal(arguments.words[0], "x");
    }
}

static void options_may_stand_anywhere(void **state)
{
    (void)state;
    HOB_AUTO(arguments) struct hob_arguments arguments;
    assert_int_equal(parse(&arguments, "--quiet x --color red y -l"), 0);
    assert_true(hob_arguments_has(&arguments, "quiet"));
    assert_true(hob_arguments_has(&arguments, "long"));
    assert_false(hob_arguments_has(&arguments, "secret"));
    assert_int_equal(arguments.word_count, 2);
    assert_string_equal(arguments.words[1], "y");
}

static void two_dashes_end_the_options_and_one_is_a_word(void **state)
{
    (void)state;
    HOB_AUTO(arguments) struct hob_arguments arguments;
    assert_int_equal(parse(&arguments, "- -- --quiet"), 0);
    assert_false(hob_arguments_has(&arguments, "quiet"));
    assert_string_equal(arguments.words[0], "-");
    assert_string_equal(arguments.words[1], "--quiet");
}

static void switches_can_be_bundled_before_a_value(void **state)
{
    (void)state;
    HOB_AUTO(arguments) struct hob_arguments arguments;
    assert_int_equal(parse(&arguments, "-qlcgreen x"), 0);
    assert_true(hob_arguments_has(&arguments, "quiet"));
    assert_true(hob_arguments_has(&arguments, "long"));
    assert_string_equal(hob_arguments_value(&arguments, "color"), "green");
}

static void many_bundled_switches_have_room(void **state)
{
    (void)state;
    HOB_AUTO(arguments) struct hob_arguments arguments;
    assert_int_equal(parse(&arguments, "-qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq x"), 0);
    assert_int_equal(arguments.given_count, 50);
}

static void values_add_up_in_order_and_the_last_single_one_counts(void **state)
{
    (void)state;
    HOB_AUTO(arguments) struct hob_arguments arguments;
    assert_int_equal(parse(&arguments, "x -a 1 --add=2 -a3 -c red -c green"), 0);
    size_t count;
    HOB_AUTO(free) const char **values = hob_arguments_values(&arguments, "add", &count);
    assert_int_equal(count, 3);
    assert_string_equal(values[0], "1");
    assert_string_equal(values[1], "2");
    assert_string_equal(values[2], "3");
    assert_string_equal(hob_arguments_value(&arguments, "color"), "green");
}

static void some_options_take_all_words_up_to_the_next(void **state)
{
    (void)state;
    HOB_AUTO(arguments) struct hob_arguments arguments;
    assert_int_equal(parse(&arguments, "x --names a b c -q y --names d -- z"), HOB_E_PARAMETER);
    hob_arguments_deinit(&arguments);
    assert_int_equal(parse(&arguments, "x --names a b c -q --names d -- z"), 0);
    size_t count;
    HOB_AUTO(free) const char **values = hob_arguments_values(&arguments, "names", &count);
    assert_int_equal(count, 4);
    assert_string_equal(values[2], "c");
    assert_string_equal(values[3], "d");
    assert_string_equal(arguments.words[1], "z");
}

static void an_empty_value_is_a_value(void **state)
{
    (void)state;
    HOB_AUTO(arguments) struct hob_arguments arguments;
    assert_int_equal(parse(&arguments, "x --color= -a _"), 0);
    assert_string_equal(hob_arguments_value(&arguments, "color"), "");
    assert_string_equal(hob_arguments_value(&arguments, "add"), "");
}

static void help_wins_over_what_is_missing(void **state)
{
    (void)state;
    const char *lines[] = {"--help", "-h", "x -qh"};
    for (size_t i = 0; i < 3; i++) {
        HOB_AUTO(arguments) struct hob_arguments arguments;
        assert_int_equal(parse(&arguments, lines[i]), 0);
        assert_true(arguments.help);
    }
}

static void mistakes_say_what_to_type(void **state)
{
    (void)state;
    assert_wrong("x --colour red", "unknown option '--colour'", "did you mean '--color'?");
    assert_wrong("x --hlep", "unknown option '--hlep'", "did you mean '--help'?");
    assert_wrong("x --frobnicate", "unknown option '--frobnicate'", "see 'hob try --help'");
    assert_wrong("x --secre", "unknown option '--secre'", "see 'hob try --help'");
    assert_wrong("x -z", "unknown option '-z'", "see 'hob try --help'");
    assert_wrong("x -qz", "unknown option '-z'", "see 'hob try --help'");
    assert_wrong("x --quiet=yes", "option '--quiet' takes no value", "type just '--quiet'");
    assert_wrong("x --color", "option '--color' needs a value", "--color COLOR: which");
    assert_wrong("x -c", "option '--color' needs a value", "--color COLOR: which");
    assert_wrong("x --names -q", "option '--names' needs a value", "--names NAME...: whose");
    assert_wrong("-q", "FIRST is missing", "usage: hob try [OPTION]... FIRST SECOND");
    assert_wrong("x y z", "unexpected argument 'z'", "usage: hob try [OPTION]... FIRST SECOND");
}

static void only_near_names_are_suggested(void **state)
{
    (void)state;
    unsigned distance = hob_near_enough("feild");
    assert_true(hob_nearer("feild", "field", &distance));
    assert_int_equal(distance, 1); /* two letters swapped */
    assert_false(hob_nearer("feild", "failed", &distance));
    assert_true(hob_nearer("field", "field", &distance));
    distance = hob_near_enough("head");
    assert_false(hob_nearer("head", "mean", &distance));
    distance = 3;
    assert_false(hob_nearer("ab", "cd", &distance));
    assert_false(hob_nearer("", "a", &distance));
    assert_true(hob_nearer("rea", "read", &distance));
    char longest[200] = {0};
    memset(longest, 'a', sizeof longest - 1);
    assert_false(hob_nearer(longest, longest, &distance));
}

static void commands_are_found_by_name_and_by_executable(void **state)
{
    (void)state;
    assert_non_null(hob_command_find(hob_commands, "read"));
    assert_null(hob_command_find(hob_commands, "rea"));
    assert_ptr_equal(hob_command_nearest(hob_commands, "rea"),
                     hob_command_find(hob_commands, "read"));
    assert_null(hob_command_nearest(hob_commands, "xylophone"));
    assert_ptr_equal(hob_command_of_executable("/usr/bin/mdfield"),
                     hob_command_find(hob_commands, "field"));
    assert_ptr_equal(hob_command_of_executable("mdfield"), hob_command_find(hob_commands, "field"));
    assert_null(hob_command_of_executable("/mdfield/hob"));
}

static void a_row_is_complete(void *data, const struct hob_command *row, const char *title)
{
    (void)data;
    (void)title;
    assert_non_null(row->summary);
    assert_non_null(row->description);
    assert_non_null(row->examples[0].what);
    assert_true((row->run == NULL) == (row->subcommands != NULL));
    if (row->subcommands != NULL)
        return;
    assert_non_null(row->arguments);
    assert_non_null(row->exit_notes);
    assert_true(row->least_words <= row->most_words);
    for (const struct hob_option *a = row->options; a->name != NULL; a++)
        for (const struct hob_option *b = row->options; b != a; b++) {
            assert_string_not_equal(a->name, b->name);
            assert_true(a->letter == 0 || a->letter != b->letter);
        }
}

static void the_table_is_complete(void **state)
{
    (void)state;
    hob_command_each(a_row_is_complete, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_may_follow_in_four_ways),
        cmocka_unit_test(options_may_stand_anywhere),
        cmocka_unit_test(two_dashes_end_the_options_and_one_is_a_word),
        cmocka_unit_test(switches_can_be_bundled_before_a_value),
        cmocka_unit_test(many_bundled_switches_have_room),
        cmocka_unit_test(values_add_up_in_order_and_the_last_single_one_counts),
        cmocka_unit_test(some_options_take_all_words_up_to_the_next),
        cmocka_unit_test(an_empty_value_is_a_value),
        cmocka_unit_test(help_wins_over_what_is_missing),
        cmocka_unit_test(mistakes_say_what_to_type),
        cmocka_unit_test(only_near_names_are_suggested),
        cmocka_unit_test(commands_are_found_by_name_and_by_executable),
        cmocka_unit_test(the_table_is_complete),
    };
    return cmocka_run_group_tests_name("cli_options", tests, NULL, NULL);
}
