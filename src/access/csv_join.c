/* csv_join: the parts of a column, typed each by itself, made into one column.
 *
 * The values of all parts lie in one array already, each part in the place that a count of line
 * ends foretold; where blank lines made fewer rows of it, later parts are moved up. Where the bytes
 * of texts go is known only when all parts before are read. They are moved there as soon as that is
 * so, mostly while they are still in the processor's cache. */
#include "access/csv_internal.h"

#include <assert.h>
#include <math.h>

#include "base/platform.h"

static struct hob_csv_part *part_at(const struct hob_csv_join *join, size_t i)
{
    return &join->parts[i * join->stride];
}

/* Placing.
 *
 * Under the lock a thread takes the parts that can be placed, and their place; it copies without,
 * for fresh memory may take the system long to hand out. While anybody copies, `bytes` stays. */

static bool grow(struct hob_csv_join *join, size_t needed, size_t placed)
{
    /* Pieces are of about the same size. */
    double expected = (double)needed / (double)placed * (double)join->count * 1.04;
    if (expected > (double)(PTRDIFF_MAX / 2))
        return false;
    size_t capacity = placed < join->count ? (size_t)expected : needed;
    char *bytes = join->bytes == NULL ? hob_try_alloc_large(capacity, 1)
                                      : hob_try_realloc(join->bytes, capacity, 1);
    if (bytes == NULL)
        return false;
    if (join->bytes != NULL)
        hob_platform_prefer_large_pages(bytes, capacity);
    join->bytes = bytes;
    join->bytes_capacity = capacity;
    return true;
}

/* The parts that can be placed now are those from `placed` to the result. */
static size_t placeable(const struct hob_csv_join *join, size_t *size)
{
    size_t i = join->placed;
    for (*size = 0; i < join->count; i++) {
        const struct hob_csv_part *part = part_at(join, i);
        /* Its state is another thread's as long as it isn't finished. */
        if (!part->finished || (part->state != HOB_CSV_TEXTS && part->state != HOB_CSV_NOTHING))
            break;
        *size += part->bytes_used;
    }
    return i;
}

static void place(struct hob_csv_part *part, char *bytes, size_t before)
{
    if (part->state == HOB_CSV_NOTHING)
        memset(part->slots, 0, part->rows * sizeof *part->slots);
    if (part->bytes_used > 0)
        memcpy(bytes + before, part->bytes, part->bytes_used);
    for (size_t row = 0; row < part->rows; row++)
        part->slots[row] += (int64_t)before;
    part->bytes_used = 0;
}

static void take_spare(struct hob_csv_join *join, struct hob_csv_part *part)
{
    struct hob_csv_spare spare = {HOB_STEAL(part->bytes), part->bytes_capacity};
    part->bytes_capacity = 0;
    if (spare.bytes != NULL && join->spare_count < HOB_CSV_SPARES)
        join->spares[join->spare_count++] = spare;
    else
        free(spare.bytes);
}

void hob_csv_join_lend(struct hob_csv_join *join, struct hob_csv_part *part)
{
    pthread_mutex_lock(&join->lock);
    if (!part->done && part->bytes == NULL && join->spare_count > 0) {
        struct hob_csv_spare spare = join->spares[--join->spare_count];
        part->bytes = spare.bytes;
        part->bytes_capacity = spare.capacity;
    }
    pthread_mutex_unlock(&join->lock);
}

bool hob_csv_join_place(struct hob_csv_join *join, size_t i)
{
    bool done = true;
    size_t size;
    pthread_mutex_lock(&join->lock);
    struct hob_csv_part *own = part_at(join, i);
    if (!own->finished && own->bytes_used == 0)
        take_spare(join, own);
    own->finished = true;
    size_t first = join->placed, last = placeable(join, &size), at = join->bytes_used;
    join->placed = last;
    join->bytes_used = at + size;
    while (done && at + size > join->bytes_capacity) {
        if (join->copying > 0)
            pthread_cond_wait(&join->copied, &join->lock);
        else
            done = grow(join, at + size, last);
    }
    join->copying++;
    char *bytes = join->bytes;
    pthread_mutex_unlock(&join->lock);
    for (size_t k = first; done && k < last; k++) {
        struct hob_csv_part *part = part_at(join, k);
        size_t used = part->bytes_used;
        place(part, bytes, at);
        at += used;
    }
    pthread_mutex_lock(&join->lock);
    for (size_t k = first; k < last; k++)
        take_spare(join, part_at(join, k));
    if (--join->copying == 0)
        pthread_cond_broadcast(&join->copied);
    pthread_mutex_unlock(&join->lock);
    return done;
}

/* Deciding. */

struct findings {
    bool integers, numbers, booleans, texts, lost;
    bool holes, fraction, large, negative_zero;
    size_t rows;
};

static struct findings look(const struct hob_csv_join *join)
{
    struct findings found = {0};
    for (size_t i = 0; i < join->count; i++) {
        const struct hob_csv_part *part = part_at(join, i);
        found.integers |= part->state == HOB_CSV_INTEGERS;
        found.numbers |= part->state == HOB_CSV_NUMBERS;
        found.booleans |= part->state == HOB_CSV_BOOLEANS;
        found.texts |= part->state == HOB_CSV_TEXTS;
        found.lost |= part->state == HOB_CSV_LOST;
        found.holes |= part->holes;
        found.fraction |= part->fraction;
        found.large |= part->large;
        found.negative_zero |= part->negative_zero;
        found.rows += part->rows;
    }
    return found;
}

/* Restarts every part that isn't in `state` or without values. */
static bool want(struct hob_csv_join *join, enum hob_csv_state state)
{
    bool again = false;
    join->state = state;
    for (size_t i = 0; i < join->count; i++) {
        struct hob_csv_part *part = part_at(join, i);
        if (part->state == state || part->state == HOB_CSV_NOTHING)
            continue;
        hob_csv_part_restart(part, state);
        again = true;
    }
    return again;
}

static bool decide_numbers(struct hob_csv_join *join, const struct findings *found)
{
    bool first_time = join->state == HOB_CSV_NOTHING;
    if (first_time && found->large && !found->fraction && !found->holes)
        return want(join, HOB_CSV_UNSIGNEDS);
    join->state = found->numbers || found->holes ? HOB_CSV_NUMBERS : HOB_CSV_INTEGERS;
    /* Among fractions -0 is a number, alone it is the integer 0. */
    bool again = false;
    for (size_t i = 0; found->fraction && i < join->count; i++) {
        struct hob_csv_part *part = part_at(join, i);
        bool lost = part->state == HOB_CSV_INTEGERS ? part->negative_zero : part->blurred;
        if (!lost)
            continue;
        hob_csv_part_restart(part, HOB_CSV_NUMBERS);
        again = true;
    }
    return again;
}

bool hob_csv_join_decide(struct hob_csv_join *join)
{
    struct findings found = look(join);
    if (join->state == HOB_CSV_UNSIGNEDS)
        return found.lost && want(join, HOB_CSV_NUMBERS);
    bool numeric = found.integers || found.numbers;
    if (found.texts || found.lost || (numeric && found.booleans))
        return want(join, HOB_CSV_TEXTS);
    if (numeric)
        return decide_numbers(join, &found);
    join->state = found.booleans   ? HOB_CSV_BOOLEANS
                  : found.rows > 0 ? HOB_CSV_NUMBERS
                                   : HOB_CSV_TEXTS;
    return false;
}

static void fill_numbers(struct hob_csv_part *part, const struct findings *found)
{
    double number = NAN;
    for (size_t i = 0; i < part->rows; i++) {
        int64_t *slot = &part->slots[i];
        if (part->state == HOB_CSV_INTEGERS)
            number = (double)*slot;
        else if (part->state == HOB_CSV_NUMBERS)
            memcpy(&number, slot, sizeof number);
        if (number == 0 && !found->fraction)
            number = 0;
        memcpy(slot, &number, sizeof number);
    }
}

/* Brings the values of a part into the form of the column's state. */
static void settle(const struct hob_csv_join *join, struct hob_csv_part *part,
                   const struct findings *found)
{
    bool empty = part->state == HOB_CSV_NOTHING && join->state != HOB_CSV_TEXTS;
    bool right = part->state == HOB_CSV_NUMBERS && (found->fraction || !found->negative_zero);
    if (join->state == HOB_CSV_NUMBERS && !right)
        fill_numbers(part, found);
    else if (empty && part->rows > 0)
        memset(part->slots, 0, part->rows * sizeof *part->slots);
}

static bool lies_in(const struct hob_csv_join *join, const struct hob_csv_part *part)
{
    return (uintptr_t)part->slots >= (uintptr_t)join->slots &&
           (uintptr_t)part->slots < (uintptr_t)(join->slots + join->capacity);
}

/* Makes room for parts that lie elsewhere. */
static bool grow_slots(struct hob_csv_join *join, size_t rows)
{
    if (rows <= join->capacity)
        return true;
    int64_t *slots = hob_try_alloc_large(rows, sizeof *slots);
    if (slots == NULL)
        return false;
    memcpy(slots, join->slots, join->capacity * sizeof *slots);
    for (size_t i = 0; i < join->count; i++) {
        struct hob_csv_part *part = part_at(join, i);
        if (part->slots != NULL && lies_in(join, part))
            part->slots = slots + (part->slots - join->slots);
    }
    free(join->slots);
    join->slots = slots;
    join->capacity = rows;
    return true;
}

/* Moves values up to where the rows before end. */
static void close_gaps(const struct hob_csv_join *join)
{
    size_t size = join->state == HOB_CSV_BOOLEANS ? sizeof(bool) : sizeof(int64_t), row = 0;
    char *slots = (char *)join->slots;
    for (size_t i = 0; i < join->count; i++) {
        struct hob_csv_part *part = part_at(join, i);
        char *place = slots + row * size;
        if (part->rows > 0 && place != (char *)part->slots)
            memmove(place, part->slots, part->rows * size);
        part->slots = (int64_t *)(void *)place;
        row += part->rows;
    }
}

static void join_bits(uint8_t *all, size_t row, const struct hob_csv_part *part)
{
    if (part->missing == NULL) {
        for (size_t i = 0; part->state == HOB_CSV_NOTHING && i < part->rows; i++)
            all[(row + i) / 8] |= (uint8_t)(1u << (row + i) % 8);
        return;
    }
    for (size_t i = 0; i < (part->rows + 7) / 8; i++) {
        unsigned bits = (unsigned)part->missing[i] << row % 8;
        all[row / 8 + i] |= (uint8_t)bits;
        if (bits > 0xFF)
            all[row / 8 + i + 1] |= (uint8_t)(bits >> 8);
    }
}

static bool join_missing(const struct hob_csv_join *join, struct hob_column *column)
{
    if (join->count == 1 && part_at(join, 0)->missing != NULL) {
        struct hob_csv_part *part = part_at(join, 0);
        column->missing_capacity = part->capacity / 8 + 1;
        column->missing = HOB_STEAL(part->missing);
        return true;
    }
    column->missing_capacity = column->capacity / 8 + 1;
    column->missing = calloc(column->missing_capacity, 1);
    if (column->missing == NULL)
        return false;
    size_t row = 0;
    for (size_t i = 0; i < join->count; i++) {
        join_bits(column->missing, row, part_at(join, i));
        row += part_at(join, i)->rows;
    }
    return true;
}

static bool take_texts(struct hob_csv_join *join, struct hob_column *column)
{
    struct hob_csv_part *first = part_at(join, 0);
    if (join->count == 1 && join->placed == 0) {
        join->bytes = HOB_STEAL(first->bytes);
        join->bytes_used = first->bytes_used;
        join->bytes_capacity = first->bytes_capacity;
        join->placed = 1;
    }
    assert(join->placed == join->count);
    if (join->bytes_capacity - join->bytes_used > join->bytes_used / 4 + 1024) {
        char *bytes = hob_try_realloc(join->bytes, join->bytes_used, 1);
        if (bytes == NULL)
            return false;
        join->bytes = bytes;
        join->bytes_capacity = join->bytes_used;
    }
    column->bytes_capacity = join->bytes_capacity;
    column->bytes = HOB_STEAL(join->bytes);
    return true;
}

static bool take_slots(struct hob_csv_join *join, struct hob_column *column, size_t rows)
{
    column->capacity = join->capacity;
    size_t size = column->type == HOB_COLUMN_BOOL ? sizeof(bool) : sizeof(int64_t);
    size_t spare = join->capacity * sizeof(int64_t) - rows * size;
    if (size == sizeof(bool))
        column->capacity *= sizeof(int64_t);
    if (spare > rows * size / 4 + 4096) {
        void *smaller = hob_try_realloc(join->slots, rows, size);
        if (smaller == NULL)
            return false;
        join->slots = smaller;
        column->capacity = rows;
    }
    column->integers = HOB_STEAL(join->slots);
    column->count = rows;
    return true;
}

bool hob_csv_join(struct hob_csv_join *join, struct hob_column *column)
{
    static const enum hob_column_type types[] = {
        [HOB_CSV_INTEGERS] = HOB_COLUMN_INT64,  [HOB_CSV_UNSIGNEDS] = HOB_COLUMN_UINT64,
        [HOB_CSV_NUMBERS] = HOB_COLUMN_FLOAT64, [HOB_CSV_BOOLEANS] = HOB_COLUMN_BOOL,
        [HOB_CSV_TEXTS] = HOB_COLUMN_STRING,
    };
    struct findings found = look(join);
    hob_column_init(column, types[join->state]);
    for (size_t i = 0; i < join->count; i++)
        settle(join, part_at(join, i), &found);
    if (!grow_slots(join, found.rows))
        return false;
    close_gaps(join);
    bool texts = join->state == HOB_CSV_TEXTS;
    if ((texts && !take_texts(join, column)) || !take_slots(join, column, found.rows))
        return false;
    bool bits = texts || join->state == HOB_CSV_BOOLEANS;
    return !bits || !found.holes || join_missing(join, column);
}
