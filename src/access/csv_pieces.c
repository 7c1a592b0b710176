/* csv_pieces: reading a long text piece by piece, on several threads.
 *
 * The text is cut into pieces of a size that fits into a processor's cache. A thread takes the next
 * one, brings it into its window, and counts quotes and line ends in it. Whether a piece begins
 * between quotes, and how many rows are before it, follows from that count for all pieces before:
 * the threads hand it on in a chain, piece after piece. Then the rows that begin in the piece are
 * split and typed, all from the cache, into the arrays of the columns. How long these must be is
 * guessed; pieces for which they end too early use arrays of their own.
 *
 * The first row of a piece is the one behind the first line end at or after its cut; so each row
 * belongs to one piece, wherever the cut is: in a quoted cell, a character, or a run of line ends.
 * Rows are whole characters, so that each piece can be checked for UTF-8 by itself. Columns whose
 * parts don't agree on a type are read again in those pieces.
 *
 * Counting quotes tells inside from outside only where quotes open fields and nothing else; when a
 * piece finds one that doesn't, or anything else that is wrong, all is given up, for the caller to
 * read the text as a whole. */
#include "access/csv_internal.h"

#include <stdatomic.h>

enum {
    LOOKAHEAD =
        1024,     /* bytes behind a piece that are looked at first for the end of its last row */
    SPINS = 4000, /* before waiting in earnest */
};

/* What is known of the text before piece `next`. */
struct chain {
    atomic_size_t next;
    size_t lines;  /* runs of line ends between rows */
    bool within;   /* quotes */
    bool line_end; /* was the last byte */
    pthread_mutex_t lock;
    pthread_cond_t moved;
};

/* One time through the pieces. */
struct round {
    struct hob_csv_reading *reading;
    atomic_size_t next; /* piece to be taken */
    atomic_int status;  /* why all is given up, or 0 */
    bool first;
    struct chain chain;
};

/* What a thread works with. */
struct desk {
    struct round *round;
    struct hob_csv_window window;
    struct hob_csv_splitter splitter;
};

static void give_up(struct round *round, int status)
{
    int none = 0;
    atomic_compare_exchange_strong(&round->status, &none, status);
    pthread_mutex_lock(&round->chain.lock);
    pthread_cond_broadcast(&round->chain.moved);
    pthread_mutex_unlock(&round->chain.lock);
}

/* The chain. */

static inline void pause_a_little(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Waits until all is known of the pieces before `i`; false when all was given up. The thread that
 * has piece `i` alone may then change what is known, until it passes the chain on. */
static bool wait_for_chain(struct round *round, size_t i)
{
    struct chain *chain = &round->chain;
    for (int spin = 0; spin < SPINS; spin++) {
        if (atomic_load_explicit(&chain->next, memory_order_acquire) == i)
            return true;
        pause_a_little();
    }
    pthread_mutex_lock(&chain->lock);
    while (atomic_load(&chain->next) != i && atomic_load(&round->status) == 0)
        pthread_cond_wait(&chain->moved, &chain->lock);
    pthread_mutex_unlock(&chain->lock);
    return atomic_load(&chain->next) == i;
}

static void pass_chain_on(struct chain *chain)
{
    pthread_mutex_lock(&chain->lock);
    atomic_fetch_add_explicit(&chain->next, 1, memory_order_release);
    pthread_cond_broadcast(&chain->moved);
    pthread_mutex_unlock(&chain->lock);
}

/* Finding rows. */

static bool is_line_end(char byte)
{
    return byte == '\n' || byte == '\r';
}

/* Looks for the first line end outside quotes in the window from *at on; leaves *at behind it, or
 * at the window's end. */
static bool find_line_end(const struct hob_csv_window *window, size_t *at, bool *within, char quote)
{
    for (; *at < window->size; (*at)++) {
        char byte = window->data[*at];
        if (byte == quote)
            *within = !*within;
        else if (!*within && is_line_end(byte)) {
            (*at)++;
            return true;
        }
    }
    return false;
}

/* Grows the window until the row is in it that begins before, and ends at or behind the cut. */
static int find_end(struct desk *desk, const struct hob_csv_piece *piece, bool within, size_t *end)
{
    struct hob_csv_window *window = &desk->window;
    const struct hob_csv_reading *reading = desk->round->reading;
    size_t more = LOOKAHEAD;
    *end = piece->to - piece->from;
    while (piece->from + *end < reading->source.size) {
        int status = hob_csv_window_grow(window, window->size + more);
        if (status != 0)
            return status;
        if (find_line_end(window, end, &within, reading->dialect.quote))
            return 0;
        more = window->size; /* doubling, so that a long row is read in linear time */
    }
    return 0;
}

/* Finds the rows of a piece that nothing is known of, and their place in the arrays. */
static int find_rows(struct desk *desk, size_t i)
{
    struct round *round = desk->round;
    struct hob_csv_reading *reading = round->reading;
    struct hob_csv_piece *piece = &reading->pieces[i];
    struct hob_csv_window *window = &desk->window;
    struct hob_csv_survey survey;
    size_t size = piece->to - piece->from;
    int status = hob_csv_window_move(window, piece->from, size);
    if (status != 0)
        return status;
    hob_csv_survey(&survey, (struct hob_text){window->data, size}, reading->dialect.quote,
                   reading->tuning.portable);
    if (survey.nul)
        return HOB_CSV_MALFORMED;
    if (!wait_for_chain(round, i))
        return HOB_CSV_MALFORMED;
    struct chain *chain = &round->chain;
    /* A run of line ends that goes on was counted by the piece before. */
    bool within = chain->within, goes_on = chain->line_end && is_line_end(window->data[0]);
    survey.lines_even -= goes_on;
    piece->row = i == 0 ? 0 : chain->lines + (within || !goes_on);
    chain->lines += within ? survey.lines_odd : survey.lines_even;
    chain->within ^= survey.odd_quotes;
    chain->line_end = is_line_end(window->data[size - 1]);
    size_t lines = chain->lines;
    bool within_after = chain->within, line_end = chain->line_end;
    pass_chain_on(chain);
    size_t start = 0, end;
    bool found = i == 0 || find_line_end(window, &start, &within, reading->dialect.quote);
    piece->start = piece->end = piece->from + start;
    if (!found)
        return 0;
    status = find_end(desk, piece, within_after, &end);
    if (status != 0)
        return status;
    goes_on = line_end && size < window->size && is_line_end(window->data[size]);
    piece->end = piece->from + end;
    piece->capacity = lines + (within_after || !goes_on) - piece->row;
    return hob_csv_too_many_cells(reading, lines + 2) ? HOB_CSV_MALFORMED : 0;
}

/* Reading. */

static bool is_wanted(const struct hob_csv_reading *reading, size_t i)
{
    const struct hob_csv_part *parts = hob_csv_parts_of(reading, i);
    for (size_t column = 0; column < reading->columns; column++)
        if (!parts[column].done)
            return true;
    return false;
}

static int read_piece(struct desk *desk, size_t i)
{
    struct round *round = desk->round;
    struct hob_csv_reading *reading = round->reading;
    struct hob_csv_piece *piece = &reading->pieces[i];
    struct hob_csv_window *window = &desk->window;
    struct hob_csv_splitter *splitter = &desk->splitter;
    int status;
    if (round->first)
        status = find_rows(desk, i);
    else
        status = hob_csv_window_move(window, piece->start, piece->end - piece->start);
    if (status == 0 && round->first)
        status = hob_csv_prepare_piece(reading, i);
    if (status != 0)
        return status;
    struct hob_text rows = {window->data + (piece->start - window->start),
                            piece->end - piece->start};
    if (hob_csv_valid(rows, reading->tuning.portable) < rows.size)
        return HOB_CSV_MALFORMED;
    struct hob_csv_part *parts = hob_csv_parts_of(reading, i);
    for (size_t column = 0; column < reading->columns; column++)
        hob_csv_join_lend(&reading->joins[column], &parts[column]);
    splitter->at = rows.data;
    splitter->end = rows.data + rows.size;
    splitter->text_end = window->readable_end;
    splitter->window = 0;
    status = hob_csv_take_piece(reading, i, splitter, NULL);
    for (size_t column = 0; status == 0 && column < reading->columns; column++)
        status = hob_csv_join_place(&reading->joins[column], i) ? 0 : HOB_E_MEMORY;
    return status;
}

static void work(void *context, size_t member)
{
    struct round *round = context;
    struct hob_csv_reading *reading = round->reading;
    struct desk desk = {
        .round = round,
        .window.source = &reading->source,
        .splitter = {.dialect = &reading->dialect,
                     .columns = reading->columns,
                     .allowed = reading->allowed,
                     .portable = reading->tuning.portable},
    };
    (void)member;
    while (atomic_load(&round->status) == 0) {
        size_t i = atomic_fetch_add(&round->next, 1);
        if (i >= reading->piece_count)
            break;
        if (!is_wanted(reading, i))
            continue;
        int status = read_piece(&desk, i);
        if (status != 0)
            give_up(round, status);
    }
    hob_csv_window_deinit(&desk.window);
    hob_csv_splitter_deinit(&desk.splitter);
}

static int go_through(struct hob_csv_reading *reading, bool first)
{
    struct round round = {.reading = reading, .first = first};
    pthread_mutex_init(&round.chain.lock, NULL);
    pthread_cond_init(&round.chain.moved, NULL);
    hob_csv_work_on(reading->threads, reading->threads, work, &round);
    pthread_cond_destroy(&round.chain.moved);
    pthread_mutex_destroy(&round.chain.lock);
    return atomic_load(&round.status);
}

static void cut(struct hob_csv_reading *reading)
{
    size_t count = reading->piece_count, size = reading->source.size - reading->data;
    size_t from = reading->data;
    for (size_t i = 0; i < count; i++) {
        size_t to = i + 1 == count ? reading->source.size : reading->data + size / count * (i + 1);
        reading->pieces[i] = (struct hob_csv_piece){.from = from, .to = to};
        from = to;
    }
}

int hob_csv_read_pieces(struct hob_csv_reading *reading, size_t count)
{
    size_t rows = reading->tuning.rows_guess > 0 ? reading->tuning.rows_guess
                                                 : hob_csv_guess_rows(&reading->source);
    if (hob_csv_too_many_cells(reading, rows))
        return HOB_CSV_MALFORMED;
    reading->pieces = calloc(count, sizeof *reading->pieces);
    if (reading->pieces == NULL)
        return hob_csv_no_memory(reading);
    reading->piece_count = count;
    cut(reading);
    int status = hob_csv_prepare(reading, rows);
    bool first = true;
    while (status == 0) {
        status = go_through(reading, first);
        first = false;
        if (status == HOB_E_PARSE || status == HOB_E_LIMIT)
            status = HOB_CSV_MALFORMED;
        if (status == HOB_E_MEMORY)
            return hob_csv_no_memory(reading);
        if (status == 0 && !hob_csv_decide(reading))
            break;
    }
    return status;
}
