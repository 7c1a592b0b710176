/* values: what expressions yield while a template is rendered (private to this folder).
 *
 * A liquid_value is small and passed by copy. Data stay where they are: lists and mappings of the
 * caller are pointers to hob_value, and their members are wrapped when somebody looks at them.
 * What filters make lives in the arena of the render. */
#ifndef HOB_COMPUTE_LIQUID_VALUES_H
#define HOB_COMPUTE_LIQUID_VALUES_H

#include "base/buffer.h"
#include "value/value.h"

enum liquid_kind {
    LIQUID_UNDEFINED,
    LIQUID_NIL,
    LIQUID_EMPTY, /* the word `empty` */
    LIQUID_BLANK, /* the word `blank` */
    LIQUID_BOOL,
    LIQUID_INT,
    LIQUID_BIG, /* an integer beyond int64: decimal digits in `text` */
    LIQUID_DOUBLE,
    LIQUID_TEXT,
    LIQUID_RANGE,     /* of integers; empty when first > last */
    LIQUID_LIST,      /* `count` liquid_values */
    LIQUID_DATA_LIST, /* a LIST or TUPLE of the data */
    LIQUID_MAP,
    LIQUID_MOMENT, /* a DATE or DATETIME */
    LIQUID_OTHER,  /* BYTES, SET: can only be printed */
    LIQUID_LOOP,   /* forloop, tablerowloop */
};

struct liquid_loop {
    struct hob_text name;
    int64_t length, index; /* index from 0 */
    int64_t columns;       /* of a tablerow; 0 for a for loop */
    const struct liquid_loop *parent;
};

struct liquid_value {
    uint8_t kind;   /* enum liquid_kind */
    bool tuple;     /* LIST: prints as Python's tuple */
    bool pruned;    /* MAP: null, NaN and "" in it count as not there */
    uint32_t count; /* LIST */
    union {
        bool boolean;
        int64_t integer;
        double number;
        struct hob_text text; /* TEXT, BIG */
        struct {
            int64_t first, last;
        } range;
        const struct liquid_value *items; /* LIST */
        const struct hob_value *data;     /* DATA_LIST, MAP, MOMENT, OTHER */
        const struct liquid_loop *loop;
    };
};

static inline struct liquid_value liquid_nil(void)
{
    return (struct liquid_value){.kind = LIQUID_NIL};
}
static inline struct liquid_value liquid_bool(bool boolean)
{
    return (struct liquid_value){.kind = LIQUID_BOOL, .boolean = boolean};
}
static inline struct liquid_value liquid_int(int64_t integer)
{
    return (struct liquid_value){.kind = LIQUID_INT, .integer = integer};
}
static inline struct liquid_value liquid_double(double number)
{
    return (struct liquid_value){.kind = LIQUID_DOUBLE, .number = number};
}
static inline struct liquid_value liquid_text(struct hob_text text)
{
    return (struct liquid_value){.kind = LIQUID_TEXT, .text = text};
}
static inline struct liquid_value liquid_list(const struct liquid_value *items, uint32_t count)
{
    return (struct liquid_value){.kind = LIQUID_LIST, .items = items, .count = count};
}

/* The data value; NULL is undefined. `pruned` is handed on to mappings. */
struct liquid_value liquid_wrap(const struct hob_value *data, bool pruned);

static inline bool liquid_truth(const struct liquid_value *value)
{
    return value->kind > LIQUID_NIL && (value->kind != LIQUID_BOOL || value->boolean);
}
/* Undefined or nil. */
static inline bool liquid_is_nothing(const struct liquid_value *value)
{
    return value->kind <= LIQUID_NIL;
}

/* Lists of both kinds and ranges. */
bool liquid_is_list(const struct liquid_value *value);
/* Items of a list or range, pairs of a mapping, else 0. */
uint64_t liquid_count(const struct liquid_value *value);
/* The item of a list or range; `at` < liquid_count. Not for mappings. */
struct liquid_value liquid_item(const struct liquid_value *value, uint64_t at);
/* The member of a mapping, or undefined. */
struct liquid_value liquid_member(const struct liquid_value *map, const struct liquid_value *key);
struct liquid_value liquid_member_named(const struct liquid_value *map, struct hob_text name);
/* Steps through the pairs of a mapping: *at starts at 0. False at the end. `pair` has two items. */
bool liquid_next_pair(const struct liquid_value *map, uint32_t *at, struct liquid_value pair[2]);

/* Printing: as `{{ value }}` prints it, as Python's str and as Python's repr. All three stop when
 * `out` holds more than `limit` bytes; the caller sees that from its size. */
void liquid_print(struct hob_buffer *out, const struct liquid_value *value, size_t limit);
void liquid_print_str(struct hob_buffer *out, const struct liquid_value *value, size_t limit);
void liquid_print_repr(struct hob_buffer *out, const struct liquid_value *value, size_t limit);

/* `==` of conditions: booleans equal only booleans, undefined is nil, `empty` and `blank`. Every
 * item compared adds one to *steps, which goes no further than `limit` (then false). */
bool liquid_equal(const struct liquid_value *a, const struct liquid_value *b, uint64_t *steps,
                  uint64_t limit);
/* Equality of filters, as Python's: 1, 1.0 and true are one. */
bool liquid_same(const struct liquid_value *a, const struct liquid_value *b, uint64_t *steps,
                 uint64_t limit);
/* The same values have the same hash. */
uint64_t liquid_hash(const struct liquid_value *value);
/* -1, 0, 1 of two numbers (booleans are 0 and 1), two texts or two moments; false when the values
 * cannot be ordered. NaN is neither before nor after: *order is 2. */
bool liquid_order(const struct liquid_value *a, const struct liquid_value *b, int *order);

#endif
