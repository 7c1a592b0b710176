/* value: a dynamic value, as YAML, JSON and Python clients have them.
 *
 * Values live in an arena and are freed with it. While a document is being built its lists and
 * maps grow (hob_value_append, hob_value_put); afterwards everybody holds pointers to const and
 * shares them freely: YAML aliases are the same node, and a recursive alias makes a cycle. So
 * whoever walks a value limits the depth (HOB_VALUE_MAX_DEPTH) and what comes out: a few aliases of
 * aliases stand for more nodes than any memory holds. */
#ifndef HOB_VALUE_VALUE_H
#define HOB_VALUE_VALUE_H

#include "base/arena.h"
#include "base/text.h"

enum hob_kind {
    HOB_NULL,
    HOB_BOOL,
    HOB_INT,
    HOB_BIG_INT, /* beyond int64: decimal digits with an optional '-' in `text` */
    HOB_DOUBLE,
    HOB_STRING, /* valid UTF-8, save lone surrogates (WTF-8) that an escape made */
    HOB_BYTES,  /* !!binary; printed as base64 */
    HOB_DATE,
    HOB_DATETIME,
    HOB_LIST,
    HOB_TUPLE, /* !!pairs, !!omap */
    HOB_SET,   /* !!set: the members are the keys of a map with null values */
    HOB_MAP, /* ordered; keys of any scalar kind, compared as Python compares (1 == 1.0 == True) */
};

/* Deeper nesting is refused by the readers and by whatever walks values. */
enum { HOB_VALUE_MAX_DEPTH = 1000 };

struct hob_value;

struct hob_pair {
    const struct hob_value *key;
    const struct hob_value *value;
};

struct hob_value {
    uint8_t kind;           /* enum hob_kind */
    bool boolean;           /* BOOL; DATETIME: it has a zone */
    int32_t offset_seconds; /* DATETIME: of the zone, east of UTC */
    union {
        int64_t integer;      /* INT */
        double number;        /* DOUBLE */
        int64_t days;         /* DATE: since 1970-01-01 */
        int64_t microseconds; /* DATETIME: wall time since 1970-01-01T00:00:00 */
        struct hob_text text; /* STRING, BIG_INT, BYTES */
        struct {              /* LIST, TUPLE */
            const struct hob_value **items;
            uint32_t count, capacity;
        } list;
        struct { /* MAP, SET */
            struct hob_pair *pairs;
            uint32_t count, capacity;
        } map;
    };
};

/* Constants that need no arena. */
extern const struct hob_value hob_value_null, hob_value_true, hob_value_false, hob_value_empty_map,
    hob_value_empty_string;

struct hob_value *hob_value_new(struct hob_arena *arena, enum hob_kind kind);
struct hob_value *hob_value_new_int(struct hob_arena *arena, int64_t integer);
struct hob_value *hob_value_new_double(struct hob_arena *arena, double number);
/* Copies the text into the arena. */
struct hob_value *hob_value_new_string(struct hob_arena *arena, struct hob_text text);
/* Keeps the text, which lives as long as the arena and has a NUL behind it. */
struct hob_value *hob_value_new_string_borrowed(struct hob_arena *arena, struct hob_text text);
static inline const struct hob_value *hob_value_new_bool(bool boolean)
{
    return boolean ? &hob_value_true : &hob_value_false;
}

/* Building; false when there is no memory for a large list or map (or 2^32 - 1 members are
 * reached). While it takes less than 64 KiB it is of the family that aborts, like the values in it.
 */
bool hob_value_append(struct hob_arena *arena, struct hob_value *list,
                      const struct hob_value *item);
/* Sets map[key]; a key that is there already keeps its position and gets the new value. */
bool hob_value_put(struct hob_arena *arena, struct hob_value *map, const struct hob_value *key,
                   const struct hob_value *value);
bool hob_value_put_string(struct hob_arena *arena, struct hob_value *map, const char *key,
                          const struct hob_value *value);
/* A new list or map with the same members, to be changed without changing the original. */
struct hob_value *hob_value_copy(struct hob_arena *arena, const struct hob_value *value);
/* Copies everything, so that nothing points into the original's arena; what is shared stays shared,
 * and a cycle one. NULL when it is deeper than HOB_VALUE_MAX_DEPTH, or without memory. */
const struct hob_value *hob_value_copy_deep(struct hob_arena *arena, const struct hob_value *value);
/* Takes the pair with this key out of the map, if it is there. */
void hob_value_remove(struct hob_value *map, const char *key);

/* Looking. Each takes NULL and values of another kind for "not there". */
static inline bool hob_value_is(const struct hob_value *value, enum hob_kind kind)
{
    return value != NULL && value->kind == kind;
}
static inline bool hob_value_is_null(const struct hob_value *value)
{
    return value == NULL || value->kind == HOB_NULL;
}
const struct hob_value *hob_value_get(const struct hob_value *map, const char *key);
const struct hob_value *hob_value_get_text(const struct hob_value *map, struct hob_text key);
const struct hob_value *hob_value_get_key(const struct hob_value *map, const struct hob_value *key);
/* The text of a string, or {NULL, 0}. */
struct hob_text hob_value_text(const struct hob_value *value);
/* The string as a C string, or NULL when it is no string or holds a NUL. */
const char *hob_value_string(const struct hob_value *value);

/* Equality and hash as Python's: 1 == 1.0 == True, lists and maps by content. */
bool hob_value_equal(const struct hob_value *a, const struct hob_value *b);
/* For scalars and tuples only; equal values have equal hashes. */
uint64_t hob_value_hash(const struct hob_value *value);

/* "mapping", "text", "number"...: what an error message calls the kind. */
const char *hob_value_kind_name(const struct hob_value *value);

#endif
