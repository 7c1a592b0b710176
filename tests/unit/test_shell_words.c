/* Tests of lines of the shell as words: quotes keep blanks together and stay, for YAML reads them.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/shell.h"

/* The words with bars between them; "!" for an error. */
static const char *split(const char *line)
{
    static char joined[256];
    HOB_AUTO(free) char *copy = hob_copy_string(line);
    HOB_AUTO(free) char **words = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    size_t count;
    strcpy(joined, "!");
    if (hob_shell_split(copy, &words, &count, &error) != 0) {
        assert_int_equal(error.code, HOB_E_PARAMETER);
        assert_string_not_equal(error.hint, "");
        return joined;
    }
    assert_null(words[count]);
    joined[0] = '\0';
    for (size_t i = 0; i < count; i++)
        snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%s", i > 0 ? "|" : "",
                 words[i]);
    return joined;
}

static void blanks_separate(void **state)
{
    (void)state;
    assert_string_equal(split(""), "");
    assert_string_equal(split(" \t \r"), "");
    assert_string_equal(split("a"), "a");
    assert_string_equal(split("get age Ada"), "get|age|Ada");
    assert_string_equal(split("\t a  b\t\tc \r"), "a|b|c");
    assert_string_equal(split("é 漢字"), "é|漢字");
}

static void quotes_keep_together_and_stay(void **state)
{
    (void)state;
    assert_string_equal(split("set \"42\""), "set|\"42\"");
    assert_string_equal(split("set 'two words'  x"), "set|'two words'|x");
    assert_string_equal(split("note=\"came late\""), "note=\"came late\"");
    assert_string_equal(split("\"it's\" 'a \"b\" c'"), "\"it's\"|'a \"b\" c'");
    assert_string_equal(split("'it''s here'"), "'it''s here'");
    assert_string_equal(split("\"a \\\" b\" c"), "\"a \\\" b\"|c");
    assert_string_equal(split("'a \\' b"), "'a \\'|b");
    assert_string_equal(split("\"\""), "\"\"");
    assert_string_equal(split("a\\ b"), "a\\|b");
}

static void a_quote_that_is_not_closed_is_an_error(void **state)
{
    (void)state;
    assert_string_equal(split("it's"), "!");
    assert_string_equal(split("a \"b"), "!");
    assert_string_equal(split("\"a\\\""), "!");
    assert_string_equal(split("\"a\\"), "!");
    assert_string_equal(split("'"), "!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_separate),
        cmocka_unit_test(quotes_keep_together_and_stay),
        cmocka_unit_test(a_quote_that_is_not_closed_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
