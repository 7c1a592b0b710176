/* scratch: a directory of its own for a test program, in which it works and which it removes. The
 * program defines _GNU_SOURCE. */
#ifndef HOB_TESTS_SCRATCH_H
#define HOB_TESTS_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char scratch[] = "/tmp/hob-test-XXXXXX";

/* Makes it and goes there: 0, or -1. */
static inline int enter_scratch(void)
{
    return mkdtemp(scratch) == NULL || chdir(scratch) != 0 ? -1 : 0;
}

static inline int remove_one(const char *path, const struct stat *facts, int kind,
                             struct FTW *where)
{
    (void)facts, (void)kind, (void)where;
    return remove(path);
}

/* For the end of a group of tests. */
static inline int remove_scratch(void **state)
{
    (void)state;
    return chdir("/") | nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void put_file(const char *name, const char *content)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

#endif
