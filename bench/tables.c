/* tables: how long tables take to be read and written, in process.
 *
 *     tables csv|json FILE COUNT
 *
 * Reads the file COUNT times into typed columns (from the disk cache, the file's bytes included),
 * and writes what was read as JSON records and as CSV as often, after one round to warm up. Prints
 * one line of JSON: each time in milliseconds, their medians, sizes, and the largest resident size
 * after the first reading. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "access/csv.h"
#include "base/clock.h"
#include "base/file.h"
#include "frame/records.h"

enum { MAX_COUNT = 1000 };

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* Each of the times under its name in the plural, and their median. */
static void print_times(const char *name, double *times, int count)
{
    qsort(times, (size_t)count, sizeof *times, compare);
    printf("\"%s_ms\": %.3f, \"%ss_ms\": [", name, times[count / 2], name);
    for (int i = 0; i < count; i++)
        printf("%s%.3f", i > 0 ? ", " : "", times[i]);
    printf("], ");
}

static int read_once(struct hob_frame **frame, const char *kind, const char *path,
                     struct hob_error *error)
{
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    struct hob_csv_options options = {0};
    struct hob_csv_file file = {descriptor, path, (size_t)1 << 36};
    if (strcmp(kind, "csv") == 0)
        return hob_csv_read_file(frame, &file, &options, error);
    int result = hob_file_read(&content, descriptor, path, file.limit, error);
    return result < 0 ? result : hob_frame_read_records(frame, content.text, error);
}

struct sizes {
    size_t rows, columns, json, csv;
    long resident;
};

/* One reading and both writings; their milliseconds in `times`. */
static int round_trip(double times[3], struct sizes *sizes, const char *kind, const char *path,
                      struct hob_error *error)
{
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    uint64_t start = hob_clock_now();
    int result = read_once(&frame, kind, path, error);
    if (result < 0)
        return result;
    times[0] = hob_clock_milliseconds_since(start);
    struct rusage usage;
    if (sizes->resident == 0 && getrusage(RUSAGE_SELF, &usage) == 0)
        sizes->resident = usage.ru_maxrss;
    sizes->rows = hob_frame_rows(frame);
    sizes->columns = hob_frame_columns(frame);
    start = hob_clock_now();
    result = hob_frame_put_records(&out, frame, 0, error);
    if (result < 0)
        return result;
    times[1] = hob_clock_milliseconds_since(start);
    sizes->json = out.size;
    hob_buffer_clear(&out);
    start = hob_clock_now();
    result = hob_csv_write(&out, frame, ',', '"', error);
    times[2] = hob_clock_milliseconds_since(start);
    sizes->csv = out.size;
    return result;
}

int main(int argc, char **argv)
{
    int count = argc == 4 ? atoi(argv[3]) : 0;
    if (count < 1 || count > MAX_COUNT) {
        fprintf(stderr, "usage: tables csv|json FILE COUNT\n");
        return 2;
    }
    static double reads[MAX_COUNT], json[MAX_COUNT], csv[MAX_COUNT];
    struct hob_error error = HOB_ERROR_INIT;
    struct sizes sizes = {0};
    for (int i = -1; i < count; i++) {
        double times[3];
        if (round_trip(times, &sizes, argv[1], argv[2], &error) < 0) {
            fprintf(stderr, "tables: %s\n", error.message);
            return 1;
        }
        if (i < 0)
            continue; /* to warm up */
        reads[i] = times[0], json[i] = times[1], csv[i] = times[2];
    }
    printf("{");
    print_times("read", reads, count);
    print_times("write_json", json, count);
    print_times("write_csv", csv, count);
    printf("\"rows\": %zu, \"columns\": %zu, \"json_bytes\": %zu, \"csv_bytes\": %zu, "
           "\"peak_mb\": %.1f}\n",
           sizes.rows, sizes.columns, sizes.json, sizes.csv, (double)sizes.resident / 1024);
    return 0;
}
