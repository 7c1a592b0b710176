/* columns: prints what is in the columns of a data file, and the sum of one of them.
 *
 *     cc columns.c $(pkg-config --cflags --libs hob) -o columns
 *     ./columns ../cv/grants.csv amount */
#include <hob/libhob.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static int complain(const struct libhob_error *error)
{
    fprintf(stderr, "columns: %s\n", error->message);
    if (error->hint[0] != '\0')
        fprintf(stderr, "columns: %s\n", error->hint);
    return 1;
}

static void print_types(const struct libhob_frame *frame)
{
    size_t columns = libhob_frame_columns(frame);
    printf("%zu rows\n", libhob_frame_rows(frame));
    for (size_t i = 0; i < columns; i++)
        printf("%-12s %s\n", libhob_frame_name(frame, i), libhob_frame_dtype(frame, i));
}

static bool is_missing(const struct libhob_column *column, size_t row)
{
    return column->missing != NULL && (column->missing[row / 8] >> row % 8 & 1) != 0;
}

/* The cells are read where they lie; nothing is copied. */
static void print_sum(const struct libhob_column *column, const char *name)
{
    int64_t whole = 0;
    double sum = 0;
    for (size_t row = 0; row < column->rows; row++) {
        if (column->type == LIBHOB_INT64 && !is_missing(column, row))
            whole += column->integers[row];
        else if (column->type == LIBHOB_DOUBLE && !isnan(column->doubles[row]))
            sum += column->doubles[row];
    }
    if (column->type == LIBHOB_INT64)
        printf("sum of %s: %" PRId64 "\n", name, whole);
    else if (column->type == LIBHOB_DOUBLE)
        printf("sum of %s: %g\n", name, sum);
    else
        printf("%s has no numbers\n", name);
}

int main(int argc, char **argv)
{
    struct libhob_error error;
    struct libhob_context *context = NULL;
    struct libhob_frame *frame = NULL;
    struct libhob_column column;
    int failed = 0;
    if (argc != 3) {
        fprintf(stderr, "usage: columns FILE COLUMN\n");
        return 2;
    }
    if (libhob_context_open(&context, NULL, &error) != 0 ||
        libhob_frame_read(&frame, context, argv[1], NULL, &error) != 0)
        failed = complain(&error);
    if (!failed) {
        print_types(frame);
        if (libhob_frame_column(frame, libhob_frame_find(frame, argv[2]), &column, &error) == 0)
            print_sum(&column, argv[2]);
        else
            failed = complain(&error);
    }
    libhob_frame_free(frame);
    libhob_context_close(context);
    return failed;
}
