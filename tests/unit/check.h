/* check: cmocka with what it needs, included by every unit test. */
#ifndef HOB_TESTS_CHECK_H
#define HOB_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"

/* Compares a text with a C string, and prints both when they differ. */
#define assert_text_equal(text, expected)                                                          \
    do {                                                                                           \
        struct hob_text checked_ = (text);                                                         \
        HOB_AUTO(buffer) struct hob_buffer copy_ = HOB_BUFFER_INIT;                                \
        hob_buffer_put_text(&copy_, checked_);                                                     \
        assert_string_equal(hob_buffer_string(&copy_), (expected));                                \
        assert_int_equal(checked_.size, strlen(expected));                                         \
    } while (0)

#endif
