/* Fuzzes interface files: the input is one file, which may inherit from itself and from a plain
 * parent; loading it, and reading its input, ends with a table or an error that has a message. Runs
 * in a folder of its own, confined to it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "access/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hob_roots *roots;

static void write_file(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(name, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        abort();
}

static void enter_scratch(void)
{
    static char folder[] = "/tmp/hob-fuzz-interface-XXXXXX";
    static const char parent[] = "title: P\ninput: {type: local, data: [{a: 1}]}\n"
                                 "output: {type: csv, filename: o.csv}\nlist: [1]\n";
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        abort();
    write_file("parent.yml", parent, sizeof parent - 1);
    write_file("t.csv", "a,b\n1,x\n", 8);
    roots = hob_roots_new();
    if (hob_roots_add(roots, ".", NULL) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (roots == NULL)
        enter_scratch();
    write_file("fuzz.yml", data, size);
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    struct hob_scope scope = {.roots = roots, .max_file_size = 1 << 20};
    struct hob_interface interface;
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_interface_request request = {.names =
                                                hob_value_new_string(arena, HOB_TEXT("fuzz.yml"))};
    int result = hob_interface_load(arena, &scope, &request, &interface, &error);
    if (result == 0)
        result = hob_access_read_interface(&frame, &scope, &interface, &error);
    if (result < 0 && error.message[0] == '\0')
        abort();
    return 0;
}
