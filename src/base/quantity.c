/* quantity: see quantity.h. */
#include "base/quantity.h"

#include <math.h>
#include <stdio.h>

#include "base/number.h"

static const struct unit {
    const char *name;
    uint64_t milliseconds;
} units[] = {
    {"d", 24 * 3600 * 1000}, {"h", 3600 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"ms", 1},
};

enum { UNIT_COUNT = sizeof units / sizeof units[0] };

static bool is_number_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || byte == '.';
}

bool hob_duration_parse(struct hob_text text, uint64_t *milliseconds)
{
    size_t size = 0;
    while (size < text.size && is_number_byte(text.data[size]))
        size++;
    struct hob_text unit = {text.data + size, text.size - size};
    uint64_t factor = unit.size == 0 ? 1000 : 0;
    for (size_t i = 0; i < UNIT_COUNT; i++)
        if (hob_text_is(unit, units[i].name))
            factor = units[i].milliseconds;
    double number;
    if (factor == 0 || !hob_number_parse_double((struct hob_text){text.data, size}, &number))
        return false;
    double product = number * (double)factor, whole = nearbyint(product);
    /* 0.1s is not exactly 100 ms in binary. */
    if (!(product <= (double)HOB_DURATION_MAX) || fabs(product - whole) > 1e-6)
        return false;
    *milliseconds = (uint64_t)whole;
    return true;
}

void hob_duration_put(struct hob_buffer *out, uint64_t milliseconds)
{
    size_t i = milliseconds == 0 ? UNIT_COUNT - 2 : 0;
    while (milliseconds % units[i].milliseconds != 0)
        i++;
    hob_buffer_printf(out, "%llu%s", (unsigned long long)(milliseconds / units[i].milliseconds),
                      units[i].name);
}

void hob_duration_put_seconds(struct hob_buffer *out, uint64_t milliseconds)
{
    unsigned rest = (unsigned)(milliseconds % 1000), digits = 3;
    hob_buffer_printf(out, "%llu", (unsigned long long)(milliseconds / 1000));
    if (rest == 0)
        return;
    for (; rest % 10 == 0; rest /= 10)
        digits--;
    hob_buffer_printf(out, ".%0*u", (int)digits, rest);
}

void hob_size_put(struct hob_buffer *out, uint64_t bytes)
{
    static const char letters[] = "KMGT";
    size_t unit = 0;
    for (; unit < 4 && bytes != 0 && bytes % 1024 == 0; unit++)
        bytes /= 1024;
    hob_buffer_printf(out, "%llu", (unsigned long long)bytes);
    if (unit > 0)
        hob_buffer_put_char(out, letters[unit - 1]);
}

bool hob_percent_parse(struct hob_text text, double *share)
{
    double number;
    if (!hob_text_ends_with(text, "%"))
        return false;
    text.size--;
    if (!hob_number_parse_double(text, &number) || !(fabs(number) <= HOB_PERCENT_MAX))
        return false;
    *share = number / 100;
    return true;
}

/* The fewest decimals that read back as the same share: 0.07 * 100 is not 7. */
void hob_percent_put(struct hob_buffer *out, double share)
{
    char text[64];
    double back;
    for (int decimals = 0; decimals <= 20; decimals++) {
        snprintf(text, sizeof text, "%.*f%%", decimals, share * 100);
        if (hob_percent_parse(hob_text_from(text), &back) && back == share)
            break;
    }
    hob_buffer_put_string(out, text);
}
