/* csv_type: typing the cells of one column, batch by batch.
 *
 * The type is guessed from the first cell that is not missing, and each batch runs through a tight
 * loop for that type. A cell that doesn't fit stops the loop: integers become doubles where they
 * lie (both have eight bytes), anything else makes the part LOST, to be read again as texts. So
 * each cell is looked at once unless a column changes its type late.
 */
#include "access/csv_internal.h"

#include <assert.h>
#include <math.h>

#include "access/csv_number.h"
#include "base/number.h"

/* Rows after which the length of the texts to come is guessed. */
enum { JUDGE_FROM = 1000 };

enum number_kind { NO_NUMBER, INTEGER, LARGE_INTEGER, FRACTION };

struct number {
    int64_t integer; /* of an INTEGER */
    double number;   /* always */
    bool negative_zero;
};

static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

bool hob_csv_is_missing(struct hob_text text)
{
    static const char words[][9] = {"#N/A", "#N/A N/A", "#NA",     "-1.#IND", "-1.#QNAN", "-NaN",
                                    "-nan", "1.#IND",   "1.#QNAN", "<NA>",    "N/A",      "NA",
                                    "NULL", "NaN",      "n/a",     "nan",     "null"};
    if (text.size == 0)
        return true;
    if (text.size > 8)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i][0] == text.data[0] && hob_text_is(text, words[i]))
            return true;
    return false;
}

/* The first look, which nearly all cells end at. Without branches, because lengths come at random;
 * an empty cell has a byte to look at, too. */
static inline bool cell_is_missing(const struct hob_csv_cell *cell)
{
    static const bool likely[256] = {
        ['N'] = true, ['n'] = true, ['#'] = true, ['-'] = true, ['1'] = true, ['<'] = true};
    bool maybe = (cell->size <= 8) & (likely[(unsigned char)cell->data[0]] | (cell->size == 0));
    return __builtin_expect(maybe, false) &&
           hob_csv_is_missing((struct hob_text){cell->data, cell->size});
}

/* As hob_csv_parse_bool; without branches, because booleans come at random. */
static inline int cell_is_bool(const struct hob_csv_cell *cell)
{
    static const char words[2][4] = {"fals", "true"};
    uint32_t four, is_false, is_true;
    memcpy(&four, cell->data, 4);
    memcpy(&is_false, words[0], 4);
    memcpy(&is_true, words[1], 4);
    four |= 0x20202020u;
    int yes = (cell->size == 4) & (four == is_true);
    int no = (cell->size == 5) & (four == is_false) & ((cell->data[4] | 0x20) == 'e');
    return yes + (yes | no) - 1;
}

int hob_csv_parse_bool(struct hob_text text)
{
    static const char words[2][6] = {"false", "true"};
    for (int i = 0; i < 2; i++) {
        const char *word = words[i];
        size_t at = 0;
        while (at < text.size && at < 5 && (text.data[at] | 0x20) == word[at] && word[at] != 0)
            at++;
        if (at == text.size && at > 0 && word[at] == 0)
            return i;
    }
    return -1;
}

static bool is_infinity(struct hob_text text, double *number)
{
    static const char word[] = "infinity";
    bool negative = text.size > 0 && text.data[0] == '-';
    if (negative || (text.size > 0 && text.data[0] == '+')) {
        text.data++;
        text.size--;
    }
    if (text.size != 3 && text.size != 8)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if ((text.data[i] | 0x20) != word[i])
            return false;
    *number = negative ? -INFINITY : INFINITY;
    return true;
}

/* Any spelling: blanks around, a sign, exponents, infinities, any length. */
static __attribute__((noinline)) enum number_kind parse_any(const struct hob_csv_cell *cell,
                                                            struct number *out)
{
    struct hob_text text = {cell->data, cell->size};
    out->negative_zero = false;
    if (is_infinity(text, &out->number))
        return FRACTION;
    while (text.size > 0 && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    int status = hob_number_parse_int(text, &out->integer);
    if (status == 0) {
        out->number = (double)out->integer;
        out->negative_zero = out->integer == 0 && text.data[0] == '-';
        return INTEGER;
    }
    if (!hob_number_parse_double(text, &out->number) || isinf(out->number))
        return NO_NUMBER;
    return status > 0 ? LARGE_INTEGER : FRACTION;
}

/* States and what leads from one to another. */

static bool need_missing(struct hob_csv_part *part)
{
    if (part->missing == NULL)
        part->missing = calloc(part->capacity / 8 + 1, 1);
    return part->missing != NULL;
}

static inline void mark(struct hob_csv_part *part, size_t row)
{
    part->missing[row / 8] |= (uint8_t)(1u << row % 8);
}

static bool mark_missing(struct hob_csv_part *part, size_t row)
{
    if (!need_missing(part))
        return false;
    mark(part, row);
    part->holes = true;
    return true;
}

static double *doubles_of(struct hob_csv_part *part)
{
    return (double *)(void *)part->slots;
}

static void integers_to_numbers(struct hob_csv_part *part)
{
    for (size_t i = 0; i < part->rows; i++) {
        double number = (double)part->slots[i];
        memcpy(&part->slots[i], &number, sizeof number);
    }
    part->state = HOB_CSV_NUMBERS;
    part->blurred = part->negative_zero;
}

/* Begins the state that the first cell with a value asks for; only holes came before. */
static bool begin(struct hob_csv_part *part, const struct hob_csv_cell *cell)
{
    struct number number;
    enum number_kind kind = parse_any(cell, &number);
    if (kind == INTEGER && !part->holes) {
        part->state = HOB_CSV_INTEGERS;
        return true;
    }
    if (kind != NO_NUMBER) {
        part->state = HOB_CSV_NUMBERS;
        for (size_t i = 0; i < part->rows; i++)
            doubles_of(part)[i] = NAN;
        return true;
    }
    bool boolean = hob_csv_parse_bool((struct hob_text){cell->data, cell->size}) >= 0;
    part->state = boolean ? HOB_CSV_BOOLEANS : HOB_CSV_TEXTS;
    memset(part->slots, 0, part->rows * sizeof *part->slots);
    if (!part->holes)
        return true;
    if (!need_missing(part))
        return false;
    for (size_t i = 0; i < part->rows; i++)
        mark(part, i);
    return true;
}

/* Each of these takes cells from `row` on until one doesn't fit, and returns its row; the state may
 * have changed then. SIZE_MAX: no memory. */

static size_t take_holes(struct hob_csv_part *part, const struct hob_csv_cell *cells, size_t stride,
                         size_t row, size_t rows)
{
    for (; row < rows; row++) {
        if (!cell_is_missing(&cells[row * stride]))
            return begin(part, &cells[row * stride]) ? row : SIZE_MAX;
        part->holes = true;
        part->rows++;
    }
    return row;
}

static size_t take_integers(struct hob_csv_part *part, const struct hob_csv_cell *cells,
                            size_t stride, size_t row, size_t rows)
{
    int64_t *out = part->slots + part->rows - row;
    size_t first = row;
    struct number number;
    for (; row < rows; row++) {
        const struct hob_csv_cell *cell = &cells[row * stride];
        if (parse_integer(cell, &out[row]))
            continue;
        enum number_kind kind = parse_any(cell, &number);
        if (kind == INTEGER) {
            out[row] = number.integer;
            part->negative_zero |= number.negative_zero;
            continue;
        }
        part->rows += row - first;
        if (kind != NO_NUMBER || cell_is_missing(cell))
            integers_to_numbers(part);
        else
            part->state = HOB_CSV_LOST;
        return row;
    }
    part->rows += row - first;
    return row;
}

static size_t take_unsigneds(struct hob_csv_part *part, const struct hob_csv_cell *cells,
                             size_t stride, size_t row, size_t rows)
{
    for (; row < rows; row++) {
        struct hob_text text = {cells[row * stride].data, cells[row * stride].size};
        while (text.size > 0 && is_blank(text.data[0])) {
            text.data++;
            text.size--;
        }
        while (text.size > 0 && is_blank(text.data[text.size - 1]))
            text.size--;
        uint64_t number;
        if (hob_number_parse_unsigned(text, &number) != 0) {
            part->state = HOB_CSV_LOST;
            return row;
        }
        memcpy(&part->slots[part->rows++], &number, sizeof number);
    }
    return row;
}

static size_t take_numbers(struct hob_csv_part *part, const struct hob_csv_cell *cells,
                           size_t stride, size_t row, size_t rows)
{
    double *out = doubles_of(part) + part->rows - row;
    size_t first = row;
    for (; row < rows; row++) {
        const struct hob_csv_cell *cell = &cells[row * stride];
        if (parse_decimal(cell, &out[row])) {
            part->fraction = true;
            continue;
        }
        struct number number = {0};
        enum number_kind kind = NO_NUMBER;
        if (parse_integer(cell, &number.integer)) {
            out[row] = (double)number.integer;
            continue;
        }
        if (cell->size > 0)
            kind = parse_any(cell, &number);
        out[row] = number.negative_zero ? -0.0 : number.number;
        part->negative_zero |= number.negative_zero;
        part->fraction |= kind == FRACTION;
        part->large |= kind == LARGE_INTEGER;
        if (kind != NO_NUMBER)
            continue;
        if (!cell_is_missing(cell)) {
            part->state = HOB_CSV_LOST;
            break;
        }
        out[row] = NAN;
        part->holes = true;
    }
    part->rows += row - first;
    return row;
}

static size_t take_booleans(struct hob_csv_part *part, const struct hob_csv_cell *cells,
                            size_t stride, size_t row, size_t rows)
{
    bool *out = (bool *)(void *)part->slots;
    size_t at = part->rows;
    for (; row < rows; row++) {
        const struct hob_csv_cell *cell = &cells[row * stride];
        int boolean = cell_is_bool(cell);
        out[at] = boolean > 0;
        if (boolean < 0 && !cell_is_missing(cell)) {
            part->state = HOB_CSV_LOST;
            break;
        }
        if (boolean < 0 && !mark_missing(part, at))
            return SIZE_MAX;
        at++;
    }
    part->rows = at;
    return row;
}

/* Room for `size` more bytes. Once there is something to judge by, for all that is expected. */
static bool make_room(struct hob_csv_part *part, size_t size)
{
    size_t used = part->bytes_used, needed;
    if (__builtin_add_overflow(used + HOB_CSV_SLACK, size, &needed))
        return false;
    double each = part->rows > 0 ? (double)used / (double)part->rows : 0;
    size_t expected = (size_t)(each * 1.06 * (double)part->capacity);
    if (expected > part->bytes_limit)
        expected = part->bytes_limit;
    expected += HOB_CSV_SLACK;
    if (part->rows < JUDGE_FROM || expected < needed + needed / 2)
        return HOB_TRY_GROW(part->bytes, part->bytes_capacity, needed);
    char *bytes = hob_try_alloc_large(expected, 1);
    if (bytes == NULL)
        return HOB_TRY_GROW(part->bytes, part->bytes_capacity, needed);
    if (used > 0)
        memcpy(bytes, part->bytes, used);
    free(part->bytes);
    part->bytes = bytes;
    part->bytes_capacity = expected;
    return true;
}

static size_t take_texts(struct hob_csv_part *part, const struct hob_csv_cell *cells, size_t stride,
                         size_t row, size_t rows)
{
    /* Copies, because the compiler must take bytes written for a change of anything. */
    int64_t *ends = part->slots + part->rows - row;
    size_t used = part->bytes_used, capacity = part->bytes_capacity, first = row;
    char *bytes = part->bytes;
    for (; row < rows; row++) {
        const struct hob_csv_cell *cell = &cells[row * stride];
        size_t size = cell->size;
        if (cell_is_missing(cell)) {
            if (!mark_missing(part, part->rows + row - first))
                return SIZE_MAX;
            size = 0;
        }
        if (capacity - used < size + HOB_CSV_SLACK) {
            part->bytes_used = used;
            part->rows += row - first;
            first = row;
            if (!make_room(part, size))
                return SIZE_MAX;
            bytes = part->bytes;
            capacity = part->bytes_capacity;
        }
        if (size <= HOB_CSV_SLACK)
            memcpy(bytes + used, cell->data, HOB_CSV_SLACK);
        else
            memcpy(bytes + used, cell->data, size);
        used += size;
        ends[row] = (int64_t)used;
    }
    part->bytes_used = used;
    part->rows += row - first;
    return row;
}

bool hob_csv_part_take(struct hob_csv_part *part, const struct hob_csv_cell *cells, size_t stride,
                       size_t rows)
{
    size_t row = 0;
    if (part->done || part->state == HOB_CSV_LOST)
        return true;
    assert(part->rows + rows <= part->capacity);
    while (row < rows) {
        switch ((enum hob_csv_state)part->state) {
        case HOB_CSV_NOTHING:
            row = take_holes(part, cells, stride, row, rows);
            break;
        case HOB_CSV_INTEGERS:
            row = take_integers(part, cells, stride, row, rows);
            break;
        case HOB_CSV_UNSIGNEDS:
            row = take_unsigneds(part, cells, stride, row, rows);
            break;
        case HOB_CSV_NUMBERS:
            row = take_numbers(part, cells, stride, row, rows);
            break;
        case HOB_CSV_BOOLEANS:
            row = take_booleans(part, cells, stride, row, rows);
            break;
        case HOB_CSV_TEXTS:
            row = take_texts(part, cells, stride, row, rows);
            break;
        default:
            return true;
        }
        if (row == SIZE_MAX)
            return false;
    }
    return true;
}

void hob_csv_part_restart(struct hob_csv_part *part, enum hob_csv_state state)
{
    free(part->missing);
    *part = (struct hob_csv_part){.state = (uint8_t)state,
                                  .capacity = part->capacity,
                                  .slots = part->slots,
                                  .bytes_limit = part->bytes_limit,
                                  .bytes = part->bytes,
                                  .bytes_capacity = part->bytes_capacity};
}

void hob_csv_part_deinit(struct hob_csv_part *part)
{
    free(part->bytes);
    free(part->missing);
    part->bytes = NULL;
    part->missing = NULL;
}
