/* render: how long Liquid takes for a template over many records, in process.
 *
 *     render TEMPLATE RECORDS.json COUNT OUT
 *
 * Parses the template once, and renders it COUNT times for each of the records, after a pass to
 * warm up; what a pass wrote is in the file OUT. Prints the milliseconds of each pass as a JSON
 * list. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "compute/liquid/liquid.h"
#include "value/json.h"

enum { MAX_COUNT = 1000 };

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

static int write_file(const char *path, const struct hob_buffer *out, struct hob_error *error)
{
    FILE *file = fopen(path, "we");
    if (file == NULL || fwrite(out->data, 1, out->size, file) != out->size || fclose(file) != 0)
        return hob_error_set(error, HOB_E_IO, "cannot write %s", path);
    return 0;
}

static int measure(const char *template_path, const char *records_path, int count,
                   struct hob_buffer *out, struct hob_error *error)
{
    HOB_AUTO(file_content) struct hob_file_content source = HOB_FILE_CONTENT_INIT;
    HOB_AUTO(file_content) struct hob_file_content json = HOB_FILE_CONTENT_INIT;
    HOB_AUTO(liquid_template) struct hob_liquid_template *template = NULL;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *records = NULL;
    int result = read_file(&source, template_path, error);
    if (result == 0)
        result = hob_liquid_parse(&template, source.text, hob_text_from(template_path), error);
    if (result == 0)
        result = read_file(&json, records_path, error);
    if (result == 0)
        result = hob_json_read(arena, json.text, &records, error);
    if (result == 0 && records->kind != HOB_LIST)
        result = hob_error_set(error, HOB_E_VALUE, "%s holds no list of records", records_path);
    for (int i = -1; result == 0 && i < count; i++) {
        uint64_t started = hob_clock_now();
        hob_buffer_clear(out);
        result = render_all(out, template, records, error);
        if (i >= 0)
            printf("%s%.3f", i > 0 ? ", " : "[", (double)(hob_clock_now() - started) / 1e6);
    }
    printf("]\n");
    return result;
}

int main(int argc, char **argv)
{
    int count = argc == 5 ? atoi(argv[3]) : 0;
    if (count < 1 || count > MAX_COUNT) {
        fprintf(stderr, "usage: render TEMPLATE RECORDS.json COUNT OUT\n");
        return 2;
    }
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    if (measure(argv[1], argv[2], count, &out, &error) < 0 ||
        write_file(argv[4], &out, &error) < 0) {
        fprintf(stderr, "render: %s\n", error.message);
        return 1;
    }
    return 0;
}
