/* conformance: runs the cases of a file and counts.
 *
 *   conformance KIND FILE
 *
 * prints a line for every case that fails, with the first difference, and ends with
 * "N passed, M failed". Exit status 0: all passed, 1: some failed, 2: not run. */
#include "conformance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "value/json.h"

static const struct {
    const char *name;
    conformance_check *check;
} kinds[] = {
    {"csv", conformance_csv},       {"json", conformance_json},
    {"liquid", conformance_liquid}, {"markdownify", conformance_markdownify},
    {"yaml", conformance_yaml},
};

enum { KINDS = sizeof kinds / sizeof kinds[0], NOT_RUN = 2 };

static int usage(const char *problem, const char *what)
{
    if (problem != NULL)
        fprintf(stderr, "conformance: %s '%s'\n", problem, what);
    fputs("usage: conformance KIND FILE\nKIND is one of:", stderr);
    for (size_t i = 0; i < KINDS; i++)
        fprintf(stderr, " %s", kinds[i].name);
    fputs("\nFILE is a JSON list of cases of that kind\n", stderr);
    return NOT_RUN;
}

static conformance_check *find_kind(const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].check;
    return NULL;
}

/* One line a failure, whatever control characters the name holds. */
static void report(size_t number, const struct hob_value *one, const struct hob_buffer *difference)
{
    HOB_AUTO(buffer) struct hob_buffer line = HOB_BUFFER_INIT;
    struct hob_text name = hob_value_text(hob_value_get(one, "name"));
    hob_buffer_printf(&line, "FAIL %zu ", number);
    hob_json_put_string(&line, name, HOB_JSON_ASCII);
    hob_buffer_put_string(&line, ": ");
    hob_buffer_put_text(&line, hob_buffer_text(difference));
    puts(hob_buffer_string(&line));
}

static bool run_case(conformance_check *check, const struct hob_value *one, size_t number)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer difference = HOB_BUFFER_INIT;
    bool passed = false;
    if (hob_value_is(one, HOB_MAP))
        passed = check(one, arena, &difference);
    else
        hob_buffer_put_string(&difference, "a case must be an object");
    if (!passed)
        report(number, one, &difference);
    return passed;
}

static int run_cases(conformance_check *check, const struct hob_value *cases)
{
    size_t failed = 0;
    for (uint32_t i = 0; i < cases->list.count; i++)
        failed += !run_case(check, cases->list.items[i], i);
    printf("%zu passed, %zu failed\n", cases->list.count - failed, failed);
    return failed > 0;
}

static int read_cases(const char *path, struct hob_file_content *content, struct hob_arena *arena,
                      const struct hob_value **cases, struct hob_error *error)
{
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return hob_error_from_errno(error, errno, "open", path);
    int result = hob_file_read(content, descriptor, path, SIZE_MAX, error);
    if (result == 0)
        result = hob_json_read(arena, content->text, cases, error);
    if (result == 0 && !hob_value_is(*cases, HOB_LIST))
        result = hob_error_set(error, HOB_E_TYPE, "it holds a %s, not a list of cases",
                               hob_value_kind_name(*cases));
    return result;
}

int main(int count, char **arguments)
{
    if (count != 3)
        return usage(NULL, NULL);
    conformance_check *check = find_kind(arguments[1]);
    if (check == NULL)
        return usage("unknown kind", arguments[1]);
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    const struct hob_value *cases = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    if (read_cases(arguments[2], &content, arena, &cases, &error) != 0) {
        fprintf(stderr, "conformance: cannot run '%s': %s\n", arguments[2], error.message);
        return usage(NULL, NULL);
    }
    return run_cases(check, cases);
}
