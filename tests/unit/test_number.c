/* Tests of the hard corners of numbers: shortest decimals and correct rounding. The C library, in
 * a slow way that is easy to see through, says what is right. */
#include "check.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "base/powers.h"
#include "base/shortest.h"

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    uint64_t mixed = *state ^ *state >> 29;
    return mixed * 0xBF58476D1CE4E5B9u ^ mixed >> 32;
}

/* The first precision that reads back; not for powers of two, whose neighbours are at unequal
 * distances, so that the nearest decimal of some length may fail where another does not. */
static void assert_shortest(double number)
{
    char expected[64], printed[HOB_NUMBER_SIZE + 1], again[64];
    int precision = number < DBL_MIN ? 1 : 15;
    do
        snprintf(expected, sizeof expected, "%.*e", precision - 1, number);
    while (precision++ < 17 && strtod(expected, NULL) != number);
    size_t size = hob_number_print_double(printed, number);
    printed[size] = '\0';
    assert_true(strtod(printed, NULL) == number);
    struct hob_shortest shortest = hob_shortest_from(number);
    assert_true(shortest.digits % 10 != 0);
    snprintf(again, sizeof again, "%llue%d", (unsigned long long)shortest.digits,
             shortest.exponent);
    assert_true(strtod(again, NULL) == strtod(expected, NULL));
    char *digits_end = strchr(expected, 'e');
    while (digits_end[-1] == '0' || digits_end[-1] == '.')
        digits_end--;
    int digits = (int)(digits_end - expected) - (strchr(expected, '.') < digits_end);
    assert_int_equal(snprintf(NULL, 0, "%llu", (unsigned long long)shortest.digits), digits);
}

static void any_bits_print_as_the_shortest_decimal(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = next_random(&seed) & INT64_MAX;
        double number;
        memcpy(&number, &bits, sizeof number);
        if (isfinite(number) && (bits & 0xFFFFFFFFFFFFF) != 0)
            assert_shortest(number);
    }
}

static void short_decimals_come_back_as_they_are(void **state)
{
    (void)state;
    uint64_t seed = 8;
    for (int i = 0; i < 100000; i++) {
        char written[64], printed[HOB_NUMBER_SIZE];
        uint64_t digits = next_random(&seed) % 1000000000000000u;
        int length = snprintf(written, sizeof written, "%llu.%d",
                              (unsigned long long)(digits / 10 + 1), (int)(digits % 9 + 1));
        double number;
        assert_true(hob_number_parse_double((struct hob_text){written, (size_t)length}, &number));
        size_t size = hob_number_print_double(printed, number);
        assert_text_equal(((struct hob_text){printed, size}), written);
    }
}

static void powers_of_two_print_as_python_prints_them(void **state)
{
    (void)state;
    static const struct {
        int exponent;
        const char *printed;
    } cases[] = {
        {-1074, "5e-324"},
        {-1073, "1e-323"},
        {-1022, "2.2250738585072014e-308"},
        {-1021, "4.450147717014403e-308"},
        {-44, "5.684341886080802e-14"},
        {-24, "5.960464477539063e-08"},
        {53, "9007199254740992.0"},
        {89, "6.189700196426902e+26"},
        {122, "5.316911983139664e+36"},
        {1023, "8.98846567431158e+307"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[HOB_NUMBER_SIZE];
        size_t size = hob_number_print_double(out, ldexp(1, cases[i].exponent));
        assert_text_equal(((struct hob_text){out, size}), cases[i].printed);
    }
}

static void assert_parsed(const char *text)
{
    double number, expected = strtod(text, NULL);
    assert_true(hob_number_parse_double(hob_text_from(text), &number));
    assert_memory_equal(&number, &expected, sizeof number);
}

static void any_decimal_is_rounded_correctly(void **state)
{
    (void)state;
    uint64_t seed = 9;
    for (int i = 0; i < 100000; i++) {
        char text[96];
        unsigned long long digits = next_random(&seed) >> next_random(&seed) % 60;
        int exponent = (int)(next_random(&seed) % 700) - 350;
        snprintf(text, sizeof text, "%llue%d", digits, exponent);
        assert_parsed(text);
        snprintf(text, sizeof text, "-%llu.%020llu", digits,
                 (unsigned long long)next_random(&seed));
        assert_parsed(text);
    }
}

/* Decimals in the middle between two doubles, and a hair beside it. */
static void ties_go_to_the_even_neighbour(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "9007199254740993",
        "9007199254740993.00000000000000000000000000000000000000000000000001",
        "9007199254740995",
        "9007199254740992.99999999999999999999999999999999999999999999999999",
        "18014398509481990",
        "0.500000000000000166533453693773481063544750213623046875",
        "0.50000000000000016653345369377348106354475021362304687500000000000000000001",
        "2.4703282292062327208e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e-400",
        "0e999999999999",
        "00000000000000000000000000000000001.5",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_parsed(texts[i]);
}

static void the_table_of_powers_is_what_it_says(void **state)
{
    (void)state;
    for (int power = HOB_POWER_FIRST; power <= HOB_POWER_LAST; power++) {
        struct hob_power entry = hob_powers[power - HOB_POWER_FIRST];
        assert_true(entry.high >> 63 == 1);
        if (power < -290 || power > 300)
            continue;
        char text[16];
        snprintf(text, sizeof text, "1e%d", power);
        double value = ldexp((double)entry.high, hob_power_exponent(power) - 63);
        assert_true(fabs(value / strtod(text, NULL) - 1) < 1e-15);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bits_print_as_the_shortest_decimal),
        cmocka_unit_test(short_decimals_come_back_as_they_are),
        cmocka_unit_test(powers_of_two_print_as_python_prints_them),
        cmocka_unit_test(any_decimal_is_rounded_correctly),
        cmocka_unit_test(ties_go_to_the_even_neighbour),
        cmocka_unit_test(the_table_of_powers_is_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
