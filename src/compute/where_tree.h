/* where_tree: a parsed condition, and cells that can be compared; private to this folder. */
#ifndef HOB_COMPUTE_WHERE_TREE_H
#define HOB_COMPUTE_WHERE_TREE_H

#include "compute/where.h"

enum where_kind {
    WHERE_ALL, /* of the children */
    WHERE_ANY, /* of the children */
    WHERE_NOT, /* its one child */
    WHERE_COMPARE,
    WHERE_IN,
    WHERE_CONTAINS,
    WHERE_STARTS,
    WHERE_ENDS,
    WHERE_MISSING,
    WHERE_TRUTH, /* `left` alone */
};

/* What a three-way comparison may give, a bit each. */
enum where_order { WHERE_LESS = 1, WHERE_EQUAL = 2, WHERE_GREATER = 4 };

/* A cell, or a value of the condition: nothing is allocated for it. */
enum where_form {
    WHERE_NOTHING,
    WHERE_INTEGER,
    WHERE_NUMBER,
    WHERE_TEXT,
    WHERE_MOMENT,
    WHERE_OTHER
};

struct where_cell {
    enum where_form form;
    bool zoned;             /* MOMENT: `integer` is in UTC, not wall time */
    int32_t offset_seconds; /* MOMENT: what wall time in its zone is ahead of UTC */
    int64_t integer;        /* INTEGER (true is 1); MOMENT: microseconds since 1970 */
    long double number;     /* NUMBER; holds every uint64 exactly where the machine can */
    struct hob_text text;
    const struct hob_value *value; /* OTHER: a list or a mapping */
};

struct where_operand {
    bool is_column;
    struct hob_text name;   /* column */
    struct where_cell cell; /* value */
    /* A text that may be meant as a date: MOMENT, else NOTHING. */
    struct where_cell moment;
    size_t place; /* character in the condition, from 1 */
};

struct where_node {
    enum where_kind kind;
    unsigned orders; /* COMPARE: those that hold */
    struct where_operand left, right;
    const struct where_operand *values; /* IN */
    size_t value_count;
    struct where_node *child; /* the first */
    struct where_node *next;  /* the next child of the same parent */
};

struct hob_where {
    struct hob_arena *arena;
    struct hob_text source;
    const struct where_node *root;
};

/* Reads 2024, 2024-05, 2024-05-31, and with a time behind T or a blank 10:30, 10:30:15.5, and a
 * zone Z or +02:00. False when the text is no such date. */
bool where_read_moment(struct hob_text text, struct where_cell *moment);

/* A number of an integer's digits that int64 does not hold: exact up to 2^64. */
struct where_cell where_big_integer(struct hob_text digits);
struct where_cell where_cell_of_value(const struct hob_value *value);
struct where_cell where_cell_at(const struct hob_column *column, size_t row);
/* One of WHERE_LESS, WHERE_EQUAL and WHERE_GREATER, or 0 for what cannot be compared. */
unsigned where_compare(const struct where_cell *a, const struct where_cell *b);

#endif
