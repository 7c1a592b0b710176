/* keys: rows looked up by the cells of some columns, as Python compares cells: 1 is 1.0 is True,
 * and, as in pandas, what is missing equals what is missing. */
#ifndef HOB_FRAME_KEYS_H
#define HOB_FRAME_KEYS_H

#include "base/error.h"
#include "frame/column.h"

/* The columns are borrowed and must be of equal length. */
struct hob_keys {
    const struct hob_column *const *columns;
    size_t width; /* of how many columns a key is made */
    size_t rows;
    uint64_t *hashes; /* of each row */
};

#define HOB_KEYS_INIT                                                                              \
    {                                                                                              \
        0                                                                                          \
    }

/* HOB_E_TYPE for a cell that cannot be a key (a list, a mapping), HOB_E_MEMORY. */
int hob_keys_init(struct hob_keys *keys, const struct hob_column *const *columns, size_t width,
                  struct hob_error *error);
void hob_keys_deinit(struct hob_keys *keys);
static inline void hob_auto_keys(struct hob_keys *keys)
{
    hob_keys_deinit(keys);
}
bool hob_keys_equal(const struct hob_keys *a, size_t row_a, const struct hob_keys *b, size_t row_b);
/* Numbers before texts before dates and the rest, missing last; <0, 0, >0. */
int hob_keys_compare(const struct hob_keys *a, size_t row_a, const struct hob_keys *b,
                     size_t row_b);

/* All rows by their keys. Borrows the keys. */
struct hob_key_table {
    const struct hob_keys *keys;
    size_t *slots; /* first row of a key + 1; 0 is free */
    size_t mask;   /* number of slots - 1 */
    size_t *next;  /* the next row of the same key, or SIZE_MAX */
};

#define HOB_KEY_TABLE_INIT                                                                         \
    {                                                                                              \
        0                                                                                          \
    }

/* `keys` is borrowed. HOB_E_MEMORY; there is nothing to free then. */
int hob_key_table_init(struct hob_key_table *table, const struct hob_keys *keys,
                       struct hob_error *error);
void hob_key_table_deinit(struct hob_key_table *table);
static inline void hob_auto_key_table(struct hob_key_table *table)
{
    hob_key_table_deinit(table);
}
/* The first row of the table whose key is that of `row` in `keys`, or SIZE_MAX; further ones follow
 * in `next`, in order. */
size_t hob_key_table_find(const struct hob_key_table *table, const struct hob_keys *keys,
                          size_t row);

#endif
