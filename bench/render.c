/* render: how long Liquid takes for a template over many records, in process.
 *
 *     render TEMPLATE RECORDS.json COUNT
 *
 * Parses the template once, and renders it COUNT times for each of the records. Prints one line of
 * JSON: the median milliseconds of a pass, and the bytes that one pass wrote. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "compute/liquid/liquid.h"
#include "value/json.h"

enum { MAX_COUNT = 1000 };

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static int read_file(struct hob_file_content *content, const char *path, struct hob_error *error)
{
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    return hob_file_read(content, descriptor, path, (size_t)1 << 30, error);
}

static int render_all(struct hob_buffer *out, const struct hob_liquid_template *template,
                      const struct hob_value *records, struct hob_error *error)
{
    for (uint32_t i = 0; i < records->list.count; i++) {
        struct hob_liquid_context context = {.data = records->list.items[i]};
        int result = hob_liquid_render(out, template, &context, error);
        if (result < 0)
            return result;
    }
    return 0;
}

static int measure(const char *const paths[2], int count, struct hob_error *error)
{
    HOB_AUTO(file_content) struct hob_file_content source = HOB_FILE_CONTENT_INIT;
    HOB_AUTO(file_content) struct hob_file_content json = HOB_FILE_CONTENT_INIT;
    HOB_AUTO(liquid_template) struct hob_liquid_template *template = NULL;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    const struct hob_value *records = NULL;
    static double times[MAX_COUNT];
    int result = read_file(&source, paths[0], error);
    if (result == 0)
        result = hob_liquid_parse(&template, source.text, hob_text_from(paths[0]), error);
    if (result == 0)
        result = read_file(&json, paths[1], error);
    if (result == 0)
        result = hob_json_read(arena, json.text, &records, error);
    if (result == 0 && records->kind != HOB_LIST)
        result = hob_error_set(error, HOB_E_VALUE, "%s holds no list of records", paths[1]);
    for (int i = 0; result == 0 && i < count; i++) {
        uint64_t started = hob_clock_now();
        hob_buffer_clear(&out);
        result = render_all(&out, template, records, error);
        times[i] = (double)(hob_clock_now() - started) / 1e6;
    }
    if (result < 0)
        return result;
    qsort(times, (size_t)count, sizeof *times, compare);
    printf("{\"render_ms\": %.3f, \"bytes\": %zu}\n", times[count / 2], out.size);
    return 0;
}

int main(int argc, char **argv)
{
    int count = argc == 4 ? atoi(argv[3]) : 0;
    if (count < 1 || count > MAX_COUNT) {
        fprintf(stderr, "usage: render TEMPLATE RECORDS.json COUNT\n");
        return 2;
    }
    struct hob_error error = HOB_ERROR_INIT;
    if (measure((const char *const[]){argv[1], argv[2]}, count, &error) == 0)
        return 0;
    fprintf(stderr, "render: %s\n", error.message);
    return 1;
}
