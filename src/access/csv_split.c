/* csv_split: from text to rows of cells.
 *
 * Two ways lead there. The quick one takes the masks of a window of text, drops what lies between
 * quotes, and jumps from one delimiter or line end to the next. It holds as long as quotes open
 * only where a field begins; the byte before every opening quote is checked, and a window where
 * that fails is left to the other way, which goes byte by byte and knows all the rules: text behind
 * a closing quote, quotes within plain text, fields cut by a NUL, white space and patterns as
 * delimiters. Header lines and the end of the text go that way too, so that the quick one may read
 * a few bytes too far.
 *
 * Cells point into the text, or into scratch memory where quotes had to be taken out. */
#include "access/csv_internal.h"

#include <assert.h>

enum {
    BLOCK = 64,
    WINDOW = 16384,
    BATCH_CELLS = 4096,
    SCRATCH = 16384,
    /* The quick way stops so many bytes before the end of the text. */
    END = HOB_CSV_SLACK + 32,
};

struct hob_csv_scratch {
    struct hob_csv_scratch *next;
    size_t size, used;
    char data[];
};

static void scratch_free(struct hob_csv_scratch *scratch)
{
    while (scratch != NULL) {
        struct hob_csv_scratch *next = scratch->next;
        free(scratch);
        scratch = next;
    }
}

void hob_csv_splitter_deinit(struct hob_csv_splitter *splitter)
{
    scratch_free(splitter->scratch);
    free(splitter->cells);
    free(splitter->masks);
    splitter->scratch = NULL;
    splitter->cells = NULL;
    splitter->masks = NULL;
    splitter->cell_capacity = splitter->mask_capacity = 0;
}

static void start_batch(struct hob_csv_splitter *splitter)
{
    splitter->rows = 0;
    if (splitter->scratch == NULL)
        return;
    scratch_free(splitter->scratch->next);
    splitter->scratch->next = NULL;
    splitter->scratch->used = 0;
}

/* Memory for a text of this batch, with slack behind it. */
static char *take_scratch(struct hob_csv_splitter *splitter, size_t size)
{
    struct hob_csv_scratch *scratch = splitter->scratch;
    size_t needed;
    if (__builtin_add_overflow(size, (size_t)END, &needed))
        return NULL;
    if (scratch == NULL || scratch->size - scratch->used < needed) {
        size_t space = needed < SCRATCH ? SCRATCH : needed;
        scratch = hob_try_alloc(1, sizeof *scratch + space);
        if (scratch == NULL)
            return NULL;
        *scratch = (struct hob_csv_scratch){splitter->scratch, space, 0};
        memset(scratch->data, 0, space < END ? space : END);
        splitter->scratch = scratch;
    }
    char *data = scratch->data + scratch->used;
    scratch->used += needed;
    memset(data + size, 0, END);
    return data;
}

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "reading CSV: no memory for its cells");
}

/* The cell that `from` .. `to` spells, the first byte being a quote. False without memory. */
static bool take_quotes_out(struct hob_csv_splitter *splitter, const char *from, const char *to,
                            struct hob_csv_cell *cell)
{
    char quote = splitter->dialect->quote;
    const char *close = memchr(from + 1, quote, (size_t)(to - from) - 1);
    if (close == to - 1 || close == NULL) {
        *cell = (struct hob_csv_cell){from + 1, (size_t)((close ? close : to) - from) - 1};
        return true;
    }
    char *out = take_scratch(splitter, (size_t)(to - from));
    if (out == NULL)
        return false;
    cell->data = out;
    const char *at = from + 1;
    while (close != NULL) {
        memcpy(out, at, (size_t)(close - at));
        out += close - at;
        at = close + 1;
        if (at == to || *at != quote)
            break;
        *out++ = quote;
        at++;
        close = memchr(at, quote, (size_t)(to - at));
    }
    memcpy(out, at, (size_t)(to - at));
    cell->size = (size_t)(out + (to - at) - cell->data);
    return true;
}

/* Byte by byte. */

static bool is_line_end(char byte)
{
    return byte == '\n' || byte == '\r';
}

/* Bytes of the delimiter that stands at `at`, or 0. */
static size_t delimiter_at(const struct hob_csv_splitter *splitter, const char *at)
{
    const struct hob_csv_dialect *dialect = splitter->dialect;
    size_t size = dialect->delimiter_size;
    if (size == 0)
        return dialect->pattern == NULL && (*at == ' ' || *at == '\t');
    if (*at != dialect->delimiter[0] || size > (size_t)(splitter->end - at))
        return 0;
    return memcmp(at, dialect->delimiter, size) == 0 ? size : 0;
}

static void skip_line_end(struct hob_csv_splitter *splitter)
{
    if (splitter->at == splitter->end)
        return;
    if (*splitter->at == '\r' && splitter->at + 1 < splitter->end && splitter->at[1] == '\n')
        splitter->at++;
    splitter->at++;
    splitter->line++;
}

/* Passes lines without anything but blanks. */
static void skip_blank_lines(struct hob_csv_splitter *splitter)
{
    while (splitter->at < splitter->end) {
        const char *at = splitter->at;
        while (at < splitter->end && (*at == ' ' || *at == '\t') &&
               (splitter->dialect->delimiter_size == 0 || delimiter_at(splitter, at) == 0))
            at++;
        if (at < splitter->end && !is_line_end(*at))
            return;
        splitter->at = at;
        skip_line_end(splitter);
    }
}

/* Makes the cell safe to use: cut at a NUL, with slack behind it. */
static bool finish_cell(struct hob_csv_splitter *splitter, struct hob_csv_cell *cell)
{
    const char *nul = cell->size > 0 ? memchr(cell->data, 0, cell->size) : NULL;
    if (nul != NULL)
        cell->size = (size_t)(nul - cell->data);
    bool in_text = cell->data >= splitter->at && cell->data <= splitter->text_end;
    if (!in_text || (size_t)(splitter->text_end - cell->data) >= cell->size + END)
        return true;
    char *copy = take_scratch(splitter, cell->size);
    if (copy == NULL)
        return false;
    if (cell->size > 0)
        memcpy(copy, cell->data, cell->size);
    cell->data = copy;
    return true;
}

/* Where the quoted part of the field at `at` closes: behind the quote; NULL when it never does. */
static const char *end_of_quotes(const struct hob_csv_splitter *splitter, const char *at)
{
    char quote = splitter->dialect->quote;
    for (at++;; at += 2) {
        at = at < splitter->end ? memchr(at, quote, (size_t)(splitter->end - at)) : NULL;
        if (at == NULL)
            return NULL;
        if (at + 1 == splitter->end || at[1] != quote)
            return at + 1;
    }
}

/* Reads the field at `*at` and moves there behind it, to a delimiter, a line end or the end. */
static int read_field(struct hob_csv_splitter *splitter, const char **at, struct hob_csv_cell *cell,
                      struct hob_error *error)
{
    const char *start = *at, *to = start;
    bool quoted = to < splitter->end && *to == splitter->dialect->quote;
    if (quoted)
        to = end_of_quotes(splitter, to);
    if (to == NULL) {
        splitter->trouble = splitter->at;
        splitter->trouble_size = 0;
        return HOB_E_PARSE;
    }
    bool odd = false;
    for (; to < splitter->end && !is_line_end(*to) && delimiter_at(splitter, to) == 0; to++)
        odd |= *to == splitter->dialect->quote;
    if (odd && !splitter->lone)
        return HOB_CSV_MALFORMED;
    *at = to;
    *cell = (struct hob_csv_cell){start, (size_t)(to - start)};
    if (quoted && !take_quotes_out(splitter, start, to, cell))
        return no_memory(error);
    return finish_cell(splitter, cell) ? 0 : no_memory(error);
}

static int add_cell(struct hob_csv_splitter *splitter, struct hob_csv_cell cell,
                    struct hob_error *error)
{
    size_t limit = splitter->columns > 0 ? splitter->allowed : HOB_CSV_MAX_COLUMNS;
    size_t position = splitter->rows * splitter->columns + splitter->width++;
    if (splitter->width > limit) {
        if (splitter->columns > 0)
            return 0; /* counted only; the row is refused when it ends */
        return hob_error_set(error, HOB_E_LIMIT, "reading CSV: a line has more than %d columns",
                             HOB_CSV_MAX_COLUMNS);
    }
    if (!HOB_TRY_GROW(splitter->cells, splitter->cell_capacity, position + 1))
        return no_memory(error);
    splitter->cells[position] = cell;
    return 0;
}

/* Makes the row of `width` cells one of `columns` cells. False when it has too many. */
static bool fit_row(struct hob_csv_splitter *splitter, struct hob_csv_cell *row, size_t width)
{
    static const char nothing[END];
    for (size_t i = width; i < splitter->columns; i++)
        row[i] = (struct hob_csv_cell){nothing, 0};
    if (width > splitter->allowed)
        return false;
    for (size_t i = splitter->columns; i < width; i++)
        if (row[i].size > 0)
            return false;
    return true;
}

static int refuse_row(struct hob_csv_splitter *splitter, const char *start, size_t width)
{
    splitter->trouble = start;
    splitter->trouble_size = width;
    return HOB_E_PARSE;
}

static int split_by_pattern(struct hob_csv_splitter *splitter, struct hob_error *error)
{
    const char *to = splitter->at;
    while (to < splitter->end && !is_line_end(*to))
        to++;
    struct hob_text line = {splitter->at, (size_t)(to - splitter->at)};
    line = hob_text_strip(line);
    size_t from = 0, start, end;
    for (;;) {
        int found = hob_csv_regex_find(splitter->dialect->pattern, line, from, &start, &end, error);
        if (found < 0)
            return found;
        struct hob_csv_cell cell = {line.data + from, (found ? start : line.size) - from};
        if (!finish_cell(splitter, &cell))
            return no_memory(error);
        int status = add_cell(splitter, cell, error);
        if (status != 0 || found == 0) {
            splitter->at = to;
            return status;
        }
        from = end;
    }
}

static int split_by_bytes(struct hob_csv_splitter *splitter, struct hob_error *error)
{
    bool blanks = splitter->dialect->delimiter_size == 0;
    const char *at = splitter->at;
    while (blanks && at < splitter->end && delimiter_at(splitter, at) > 0)
        at++;
    for (;;) {
        struct hob_csv_cell cell;
        int status = read_field(splitter, &at, &cell, error);
        if (status == 0)
            status = add_cell(splitter, cell, error);
        if (status != 0)
            return status;
        size_t size = at < splitter->end ? delimiter_at(splitter, at) : 0;
        at += size;
        while (blanks && at < splitter->end && delimiter_at(splitter, at) > 0)
            at++;
        if (size == 0 || (blanks && (at == splitter->end || is_line_end(*at))))
            break;
    }
    splitter->at = at;
    return 0;
}

/* Appends one row to the batch. */
static int plod(struct hob_csv_splitter *splitter, struct hob_error *error)
{
    skip_blank_lines(splitter);
    if (splitter->at == splitter->end)
        return 0;
    const char *start = splitter->at;
    splitter->width = 0;
    int status = splitter->dialect->pattern != NULL ? split_by_pattern(splitter, error)
                                                    : split_by_bytes(splitter, error);
    if (status != 0)
        return status;
    size_t needed = (splitter->rows + 1) * splitter->columns;
    if (!HOB_TRY_GROW(splitter->cells, splitter->cell_capacity, needed))
        return no_memory(error);
    struct hob_csv_cell *row = splitter->cells + splitter->rows * splitter->columns;
    if (splitter->columns > 0 && !fit_row(splitter, row, splitter->width))
        return refuse_row(splitter, start, splitter->width);
    skip_line_end(splitter);
    splitter->rows++;
    return 0;
}

int hob_csv_split_row(struct hob_csv_splitter *splitter, struct hob_error *error)
{
    start_batch(splitter);
    return plod(splitter, error);
}

/* In windows. */

static bool make_room(struct hob_csv_splitter *splitter)
{
    size_t left = (size_t)(splitter->end - splitter->at);
    if (splitter->window == 0)
        splitter->window = left < WINDOW ? left : WINDOW;
    size_t cells = left / 2 + 1 < BATCH_CELLS ? left / 2 + 1 : BATCH_CELLS;
    cells += 2 * splitter->columns + splitter->allowed + 2;
    if (cells > splitter->cell_capacity &&
        !HOB_TRY_GROW(splitter->cells, splitter->cell_capacity, cells))
        return false;
    size_t words = 2 * (splitter->window / BLOCK + 1);
    return HOB_TRY_GROW(splitter->masks, splitter->mask_capacity, words);
}

/* Drops from the masks what lies between quotes. False when a quote opens within a field. */
static bool drop_quoted(struct hob_csv_scan *scan, size_t blocks)
{
    uint64_t open = 0, before = 1; /* the window begins with a field */
    for (size_t i = 0; i < blocks; i++) {
        uint64_t quotes = scan->quotes[i];
        if ((quotes | open) == 0) {
            before = scan->structural[i] >> 63;
            continue;
        }
        uint64_t inside = hob_csv_between(quotes, &open);
        scan->structural[i] &= ~inside;
        uint64_t openers = scan->structural[i] | quotes;
        if ((quotes & inside & ~(openers << 1 | before)) != 0)
            return false;
        before = openers >> 63;
    }
    return true;
}

static bool is_blank_line(const struct hob_csv_splitter *splitter, const char *start,
                          const char *end)
{
    for (; start < end; start++)
        if ((*start != ' ' && *start != '\t') || *start == splitter->dialect->delimiter[0])
            return false;
    return true;
}

/* A row that has not as many cells as there are columns, or but one. Returns where the next row
 * goes: right behind it, or in its place when it is blank; NULL when it is too long. */
static __attribute__((noinline)) struct hob_csv_cell *odd_row(struct hob_csv_splitter *splitter,
                                                              struct hob_csv_cell *row,
                                                              struct hob_csv_cell *end,
                                                              const char *line_end)
{
    size_t width = (size_t)(end - row);
    if (width == 1 && is_blank_line(splitter, splitter->at, line_end))
        return row;
    return fit_row(splitter, row, width) ? row + splitter->columns : NULL;
}

/* The number of cells in the row at `start`, for the message; 0 when a quote in it never closes,
 * which the reference notices first. */
static size_t count_cells(const struct hob_csv_splitter *splitter, const char *start)
{
    struct hob_csv_splitter counter = {.dialect = splitter->dialect,
                                       .at = start,
                                       .end = splitter->end,
                                       .text_end = splitter->text_end,
                                       .lone = true};
    int status = hob_csv_split_row(&counter, NULL);
    size_t width = status == 0 ? counter.width : splitter->allowed + 1;
    if (status == HOB_E_PARSE && counter.trouble != NULL)
        width = counter.trouble_size;
    hob_csv_splitter_deinit(&counter);
    return width;
}

/* Takes the rows that end in the window. */
static int take_rows(struct hob_csv_splitter *splitter, const struct hob_csv_scan *scan,
                     size_t blocks, struct hob_error *error)
{
    const char delimiter = splitter->dialect->delimiter[0], quote = splitter->dialect->quote;
    const size_t columns = splitter->columns, allowed = splitter->allowed;
    struct hob_csv_cell *row = splitter->cells, *cell = row;
    const struct hob_csv_cell *full =
        splitter->cells + splitter->cell_capacity - columns - allowed - 1;
    const char *base = splitter->at, *start = base;
    uint16_t places[HOB_CSV_PLACES];
    for (size_t block = 0; block < blocks; block += HOB_CSV_PLACES_BLOCKS) {
        size_t some =
            blocks - block < HOB_CSV_PLACES_BLOCKS ? blocks - block : HOB_CSV_PLACES_BLOCKS;
        size_t count = hob_csv_places(places, scan->structural + block, some, splitter->portable);
        for (size_t i = 0; i < count; i++) {
            const char *at = base + places[i];
            *cell = (struct hob_csv_cell){start, (size_t)(at - start)};
            if (*start == quote && !take_quotes_out(splitter, start, at, cell))
                return no_memory(error);
            cell++;
            start = at + 1;
            if (*at == delimiter) {
                if ((size_t)(cell - row) > allowed)
                    return refuse_row(splitter, splitter->at, count_cells(splitter, splitter->at));
                continue;
            }
            if ((size_t)(cell - row) != columns || columns == 1)
                cell = odd_row(splitter, row, cell, at);
            if (cell == NULL)
                return refuse_row(splitter, splitter->at, count_cells(splitter, splitter->at));
            row = cell;
            splitter->at = start;
            if (row >= full)
                goto done;
        }
        base += some * BLOCK;
    }
done:
    splitter->rows = (size_t)(row - splitter->cells) / columns;
    return 0;
}

static int split_window(struct hob_csv_splitter *splitter, size_t size, struct hob_error *error)
{
    size_t blocks = (size + BLOCK - 1) / BLOCK;
    struct hob_csv_scan scan = {.structural = splitter->masks, .quotes = splitter->masks + blocks};
    hob_csv_scan(&scan, splitter->at, size, splitter->dialect->delimiter[0],
                 splitter->dialect->quote, splitter->portable);
    if (!drop_quoted(&scan, blocks)) {
        if (!splitter->lone)
            return HOB_CSV_MALFORMED;
        splitter->plod_until = splitter->at + size;
        return 0;
    }
    const char *before = splitter->at;
    int status = take_rows(splitter, &scan, blocks, error);
    /* A row that is longer than the window needs a longer window. */
    if (status == 0 && splitter->at == before && splitter->window <= SIZE_MAX / 4)
        splitter->window *= 2;
    return status;
}

int hob_csv_split(struct hob_csv_splitter *splitter, struct hob_error *error)
{
    assert(splitter->columns > 0 && splitter->allowed >= splitter->columns);
    start_batch(splitter);
    if (splitter->plod_until != NULL && splitter->at >= splitter->plod_until)
        splitter->plod_until = NULL;
    if (!make_room(splitter))
        return no_memory(error);
    const char *quick_end = splitter->end;
    if (splitter->text_end - quick_end < END)
        quick_end =
            splitter->text_end - splitter->at > END ? splitter->text_end - END : splitter->at;
    while (splitter->rows == 0 && splitter->at < splitter->end) {
        bool quick =
            !splitter->plodding && splitter->at < quick_end && splitter->plod_until == NULL;
        if (!quick)
            break;
        if (!make_room(splitter))
            return no_memory(error);
        size_t left = (size_t)(quick_end - splitter->at);
        size_t size = left < splitter->window ? left : splitter->window;
        const char *before = splitter->at;
        int status = split_window(splitter, size, error);
        if (status != 0)
            return status;
        if (splitter->at == before && size == left)
            quick_end = before; /* what is left has no line end before the end */
    }
    if (splitter->rows > 0)
        return 0;
    while (splitter->at < splitter->end &&
           (splitter->rows + 1) * splitter->columns + splitter->allowed < splitter->cell_capacity) {
        if (splitter->rows > 0 && splitter->plod_until != NULL &&
            splitter->at >= splitter->plod_until)
            break;
        int status = plod(splitter, error);
        if (status != 0)
            return status;
    }
    return 0;
}
