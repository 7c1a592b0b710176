/* check: cmocka, and what the tests of libhob share. They see include/hob only. */
#ifndef HOB_TESTS_LIBHOB_CHECK_H
#define HOB_TESTS_LIBHOB_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hob/libhob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints the message of what was not to fail. */
#define assert_works(call)                                                                         \
    do {                                                                                           \
        struct libhob_error *error_ = &error;                                                      \
        int code_ = (call);                                                                        \
        if (code_ != 0)                                                                            \
            fail_msg("%s: %d %s", #call, code_, error_->message);                                  \
    } while (0)

/* What the bytes hold, which are freed. */
#define assert_bytes_equal(bytes, expected)                                                        \
    do {                                                                                           \
        assert_string_equal((bytes).data, (expected));                                             \
        assert_int_equal((bytes).size, strlen(expected));                                          \
        libhob_bytes_free(&(bytes));                                                               \
    } while (0)

static inline void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

#endif
