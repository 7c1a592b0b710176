/* tables: how long tables take to be read and written, in process.
 *
 *     tables csv|json FILE COUNT
 *
 * Reads the file COUNT times into typed columns (from the disk cache, the file's bytes included),
 * and writes what was read as JSON records and as CSV as often. Prints one line of JSON with
 * medians in milliseconds, sizes, and the largest resident size. */
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

static double median(double *times, int count)
{
    qsort(times, (size_t)count, sizeof *times, compare);
    return times[count / 2];
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

int main(int argc, char **argv)
{
    int count = argc == 4 ? atoi(argv[3]) : 0;
    if (count < 1 || count > MAX_COUNT) {
        fprintf(stderr, "usage: tables csv|json FILE COUNT\n");
        return 2;
    }
    static double reads[MAX_COUNT], json[MAX_COUNT], csv[MAX_COUNT];
    struct hob_error error = HOB_ERROR_INIT;
    size_t rows = 0, columns = 0, json_size = 0, csv_size = 0;
    long resident = 0;
    for (int i = 0; i < count; i++) {
        HOB_AUTO(frame) struct hob_frame *frame = NULL;
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        uint64_t start = hob_clock_now();
        if (read_once(&frame, argv[1], argv[2], &error) < 0 || frame == NULL) {
            fprintf(stderr, "tables: %s\n", error.message);
            return 1;
        }
        reads[i] = hob_clock_milliseconds_since(start);
        struct rusage usage;
        if (i == 0 && getrusage(RUSAGE_SELF, &usage) == 0)
            resident = usage.ru_maxrss;
        rows = hob_frame_rows(frame);
        columns = hob_frame_columns(frame);
        start = hob_clock_now();
        hob_frame_put_records(&out, frame, 0, &error);
        json[i] = hob_clock_milliseconds_since(start);
        json_size = out.size;
        hob_buffer_clear(&out);
        start = hob_clock_now();
        hob_csv_write(&out, frame, ',', '"', &error);
        csv[i] = hob_clock_milliseconds_since(start);
        csv_size = out.size;
    }
    printf("{\"rows\": %zu, \"columns\": %zu, \"read_ms\": %.3f, \"write_json_ms\": %.3f, "
           "\"write_csv_ms\": %.3f, \"json_bytes\": %zu, \"csv_bytes\": %zu, \"peak_mb\": %.1f}\n",
           rows, columns, median(reads, count), median(json, count), median(csv, count), json_size,
           csv_size, (double)resident / 1024);
    return 0;
}
