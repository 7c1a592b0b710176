/* csv_internal: what the files of the CSV reader share.
 *
 * A text is cut into pieces at row boundaries, or taken as one piece. A splitter turns a piece into
 * batches of cells, row by row; a part takes the cells of one column of one piece and types them;
 * the parts of a column are joined. Only csv_*.c and their tests include this. */
#ifndef HOB_ACCESS_CSV_INTERNAL_H
#define HOB_ACCESS_CSV_INTERNAL_H

#include <pthread.h>

#include "access/csv.h"

enum { HOB_CSV_MAX_COLUMNS = 100000 };

/* So many bytes behind the start of a cell's last byte are readable, and writable behind the last
 * text of a part, so that short cells move in whole registers. */
enum { HOB_CSV_SLACK = 32 };

/* Positive results of reading pieces: everything is to be read again as one piece. */
enum {
    /* A quote stands where none may open a field, so that pieces that were cut by counting quotes
     * may be wrong; or there is something that is best told by who sees the whole text. */
    HOB_CSV_MALFORMED = 1,
    HOB_CSV_CHANGED = 2, /* the file is not what it was, or cannot be read */
};

/* A cell without its quotes. */
struct hob_csv_cell {
    const char *data;
    size_t size;
};

struct hob_csv_regex;

struct hob_csv_dialect {
    char delimiter[8];     /* one character as UTF-8 */
    size_t delimiter_size; /* 0: white space, or a pattern */
    char quote;
    struct hob_csv_regex *pattern; /* owned */
};

/* How to read, for tests; all-zero means by the size of the text and the machine. */
struct hob_csv_tuning {
    size_t threads;
    size_t piece_size;
    size_t rows_guess; /* how many rows room is made for before they are counted */
    bool portable;     /* without vector instructions */
    bool plodding;     /* byte by byte, in one piece */
};

/* hob_csv_read and hob_csv_read_file (csv.h), with the same errors; the caller frees *frame. */
int hob_csv_read_tuned(struct hob_frame **frame, struct hob_text text,
                       const struct hob_csv_options *options, const struct hob_csv_tuning *tuning,
                       struct hob_error *error);
int hob_csv_read_file_tuned(struct hob_frame **frame, const struct hob_csv_file *file,
                            const struct hob_csv_options *options,
                            const struct hob_csv_tuning *tuning, struct hob_error *error);

/* csv_source.c: a text in memory, or in a file that is read a window at a time. */
struct hob_csv_source {
    struct hob_text text; /* all of it, or the beginning of what is in a file */
    size_t size;          /* of the whole text */
    int descriptor;       /* -1: in memory */
    size_t offset;        /* where in the file the text begins: behind a byte order mark */
};

/* Some of the text's bytes in memory. Reused for the next ones, so that they are where the
 * processor's cache has them, and no fresh pages are needed. */
struct hob_csv_window {
    const struct hob_csv_source *source;
    const char *data;
    size_t start, size;       /* which bytes of the text */
    const char *readable_end; /* behind what may be read, if not used */
    char *buffer;             /* of a file's */
    size_t capacity;
};
/* Moves the window to these bytes. HOB_E_MEMORY, or HOB_CSV_CHANGED when they are not there. */
int hob_csv_window_move(struct hob_csv_window *window, size_t start, size_t size);
/* Makes the window end later; `data` may move. */
int hob_csv_window_grow(struct hob_csv_window *window, size_t size);
void hob_csv_window_deinit(struct hob_csv_window *window);
/* How many rows there may be, from looking at some of the text; a little too many. */
size_t hob_csv_guess_rows(const struct hob_csv_source *source);

/* csv_options.c */
int hob_csv_dialect_init(struct hob_csv_dialect *dialect, struct hob_text text,
                         const struct hob_csv_options *options, struct hob_error *error);
void hob_csv_dialect_deinit(struct hob_csv_dialect *dialect);
/* The types that dtypes asks for. */
enum hob_csv_wish { HOB_CSV_ANY, HOB_CSV_INT, HOB_CSV_FLOAT, HOB_CSV_BOOL, HOB_CSV_STRING };
/* Checks all of dtypes. */
int hob_csv_check_dtypes(const struct hob_value *dtypes, struct hob_error *error);
/* What a checked dtypes asks for the column of that name, else for the name as it was written,
 * before repeated ones were told apart; the last that names it wins. */
enum hob_csv_wish hob_csv_wish_for(const struct hob_value *dtypes, const struct hob_value *name,
                                   const struct hob_value *written);
/* Whether the cells have to be texts, for hob_csv_convert to make that type of them. */
static inline bool hob_csv_wants_texts(enum hob_csv_wish wish)
{
    return wish == HOB_CSV_STRING || wish == HOB_CSV_BOOL;
}
/* Turns a column of texts, or one that was typed by its cells, into the type asked for. */
int hob_csv_convert(struct hob_column *column, enum hob_csv_wish wish, struct hob_text name,
                    struct hob_error *error);

/* csv_regex.c: the adapter of PCRE2. */
int hob_csv_regex_new(struct hob_csv_regex **regex, const char *pattern, struct hob_error *error);
struct hob_csv_regex *hob_csv_regex_free(struct hob_csv_regex *regex);
/* The first match at or after `from` that is not empty: 1 and its place, 0 when there is none. */
int hob_csv_regex_find(struct hob_csv_regex *regex, struct hob_text line, size_t from,
                       size_t *start, size_t *end, struct hob_error *error);

/* csv_scan.c: looking at 64 bytes at a time. */
struct hob_csv_scan {
    uint64_t *structural; /* a bit for each delimiter and line end byte */
    uint64_t *quotes;
    bool high; /* there were bytes beyond ASCII; set, never cleared */
    bool nul;
};
/* Scans data[0..size); the masks have a word for each 64 bytes begun. Reads nothing behind. */
void hob_csv_scan(struct hob_csv_scan *scan, const char *data, size_t size, char delimiter,
                  char quote, bool portable);
/* Where the bits of up to HOB_CSV_PLACES_BLOCKS masks are; returns how many there are. */
enum {
    HOB_CSV_PLACES_BLOCKS = 64,
    HOB_CSV_PLACES = HOB_CSV_PLACES_BLOCKS * 64 + 16, /* room for them */
};
size_t hob_csv_places(uint16_t *places, const uint64_t *masks, size_t blocks, bool portable);
/* Makes the bits between quotes from the bits of quotes; *carry is all ones while a quote that was
 * opened earlier is open. */
static inline uint64_t hob_csv_between(uint64_t quotes, uint64_t *carry)
{
    uint64_t inside = quotes;
    inside ^= inside << 1;
    inside ^= inside << 2;
    inside ^= inside << 4;
    inside ^= inside << 8;
    inside ^= inside << 16;
    inside ^= inside << 32;
    inside ^= *carry;
    *carry = 0 - (inside >> 63);
    return inside;
}

/* What a piece of text holds, for cutting it and making room. Line ends are counted once for a run
 * of them, apart for those that an even and an odd number of quotes precedes. */
struct hob_csv_survey {
    size_t lines_even, lines_odd;
    bool odd_quotes;
    bool high, nul; /* as in hob_csv_scan */
};
void hob_csv_survey(struct hob_csv_survey *survey, struct hob_text text, char quote, bool portable);
/* How many bytes at the start are valid UTF-8. */
size_t hob_csv_valid(struct hob_text text, bool portable);

/* csv_split.c */
struct hob_csv_scratch;

struct hob_csv_splitter {
    const struct hob_csv_dialect *dialect;
    const char *at, *end; /* the rest of the piece */
    const char *text_end; /* nothing may be read from here on */
    size_t columns;       /* cells that each row gets; 0: as many as it has (headers) */
    size_t allowed;       /* cells that a row may have, those beyond `columns` being empty */
    bool plodding;        /* go byte by byte */
    bool lone;            /* the piece is the whole text, so that odd quotes are no trouble */
    bool portable;
    size_t line;                /* lines passed, only while going byte by byte */
    const char *trouble;        /* where the row began that is too long or never ends; else NULL */
    size_t trouble_size;        /* its cells; 0 when it never ends */
    struct hob_csv_cell *cells; /* the batch: rows * columns */
    size_t cell_capacity;
    size_t rows;
    size_t width;  /* cells of the last row */
    size_t window; /* bytes looked at at a time */
    uint64_t *masks;
    size_t mask_capacity;
    const char *plod_until;
    struct hob_csv_scratch *scratch;
};

/* Fills the batch with whole rows; rows is 0 at the end. HOB_CSV_MALFORMED, HOB_E_MEMORY, or
 * HOB_E_PARSE with `trouble` set and no message. */
int hob_csv_split(struct hob_csv_splitter *splitter, struct hob_error *error);
/* The same for one row. */
int hob_csv_split_row(struct hob_csv_splitter *splitter, struct hob_error *error);
void hob_csv_splitter_deinit(struct hob_csv_splitter *splitter);

/* csv_error.c: the messages. Both return the code. */
/* `rest` begins with what is no UTF-8, `at` bytes into the text. */
int hob_csv_refuse_bytes(struct hob_error *error, struct hob_text rest, size_t at);
/* What the splitter met at `trouble`. */
int hob_csv_refuse_row(struct hob_error *error, struct hob_text text,
                       const struct hob_csv_splitter *splitter);

/* csv_crew.c: calls work(context, 0) .. work(context, count - 1), on up to `threads` threads. */
void hob_csv_work_on(size_t threads, size_t count, void (*work)(void *context, size_t i),
                     void *context);

/* csv_type.c */
enum hob_csv_state {
    HOB_CSV_NOTHING, /* only holes so far */
    HOB_CSV_INTEGERS,
    HOB_CSV_UNSIGNEDS, /* only when told */
    HOB_CSV_NUMBERS,
    HOB_CSV_BOOLEANS,
    HOB_CSV_TEXTS,
    HOB_CSV_LOST, /* the cells don't fit together: to be read again as something else */
};

/* One column in one piece. */
struct hob_csv_part {
    uint8_t state;         /* enum hob_csv_state */
    bool done;             /* not to be read again */
    bool finished;         /* ready to be placed */
    bool holes;            /* a cell was missing */
    bool fraction;         /* a number was not spelled as an integer */
    bool large;            /* an integer was beyond int64 */
    bool negative_zero;    /* an integer was spelled -0 */
    bool blurred;          /* integers spelled -0 have become the number 0.0 */
    size_t rows, capacity; /* of slots */
    int64_t *slots;        /* integers, unsigneds, doubles, text ends, booleans; borrowed */
    char *bytes;           /* of texts */
    size_t bytes_used, bytes_capacity;
    size_t bytes_limit; /* no more texts than that */
    uint8_t *missing;   /* of BOOLEANS and TEXTS, capacity / 8 + 1 bytes */
};

/* Takes `rows` cells, `stride` apart. False without memory. */
bool hob_csv_part_take(struct hob_csv_part *part, const struct hob_csv_cell *cells, size_t stride,
                       size_t rows);
/* Forgets what was read, to be read again as `state`. */
void hob_csv_part_restart(struct hob_csv_part *part, enum hob_csv_state state);
void hob_csv_part_deinit(struct hob_csv_part *part);
bool hob_csv_is_missing(struct hob_text text);
/* "true" or "false" in any case: 1 or 0, else -1. */
int hob_csv_parse_bool(struct hob_text text);

/* csv_join.c: the parts of a column, in order, made into the column. */

/* Bytes of texts that a part has no more use for: for other parts, so that they need no fresh
 * memory each. */
struct hob_csv_spare {
    char *bytes;
    size_t capacity;
};
enum { HOB_CSV_SPARES = 4 };

struct hob_csv_join {
    struct hob_csv_part *parts; /* of this column, `stride` apart */
    size_t stride, count;
    int64_t *slots; /* of all parts; taken over by the column */
    size_t capacity;
    pthread_mutex_t lock; /* of what follows, while parts are read */
    pthread_cond_t copied;
    size_t copying; /* threads that write into `bytes` */
    size_t placed;  /* so many parts have their texts in `bytes`, or soon will */
    char *bytes;
    size_t bytes_used, bytes_capacity;
    struct hob_csv_spare spares[HOB_CSV_SPARES];
    size_t spare_count;
    enum hob_csv_state state; /* what the column is to be, once decided; NOTHING before */
    struct hob_column column; /* what came out */
    bool failed;              /* without memory */
};
/* Gives a part that is about to be read bytes for its texts, if there are any to spare. */
void hob_csv_join_lend(struct hob_csv_join *join, struct hob_csv_part *part);
/* Called when part `i` has been read: moves its texts to those of the parts before, as soon as
 * those are known. Any thread, any order. False without memory. */
bool hob_csv_join_place(struct hob_csv_join *join, size_t i);
/* Decides from the parts what the column has to be. True when parts must be read again for that:
 * they have been restarted, and afterwards this is asked again. */
bool hob_csv_join_decide(struct hob_csv_join *join);
/* False without memory. */
bool hob_csv_join(struct hob_csv_join *join, struct hob_column *column);

/* csv_columns.c: all columns of a reading, from cells to the frame. */
struct hob_csv_piece {
    size_t from, to;      /* where the text was cut at first */
    size_t start, end;    /* whole rows */
    size_t row, capacity; /* of the arrays */
    size_t rows;          /* read */
    int64_t *slots;       /* of its own, when those of the columns end before; owned */
};

struct hob_csv_reading {
    const struct hob_csv_options *options;
    struct hob_csv_tuning tuning;
    struct hob_csv_dialect dialect;
    struct hob_csv_source source;
    size_t data; /* where the rows begin */
    bool plodding;
    struct hob_frame *frame;
    const struct hob_value **names;
    const struct hob_value **written; /* the names before repeated ones were told apart */
    size_t columns, allowed;
    size_t threads;
    struct hob_csv_piece *pieces;
    size_t piece_count;
    struct hob_csv_part *parts; /* those of a piece lie together */
    struct hob_csv_join *joins;
    struct hob_error *error;
};

/* Says so in reading->error; returns HOB_E_MEMORY. */
int hob_csv_no_memory(const struct hob_csv_reading *reading);
/* Short rows are filled: a small text must not become a huge table. */
bool hob_csv_too_many_cells(const struct hob_csv_reading *reading, size_t rows);
/* Makes parts for the pieces, and arrays for so many rows. */
int hob_csv_prepare(struct hob_csv_reading *reading, size_t rows);
/* Gives the parts of a piece their places in the arrays. */
int hob_csv_prepare_piece(struct hob_csv_reading *reading, size_t piece);
static inline struct hob_csv_part *hob_csv_parts_of(const struct hob_csv_reading *reading,
                                                    size_t piece)
{
    return reading->parts + piece * reading->columns;
}
/* Splits the piece and gives the cells to its parts, to those that still want them. */
int hob_csv_take_piece(struct hob_csv_reading *reading, size_t piece,
                       struct hob_csv_splitter *splitter, struct hob_error *error);
/* True when parts have to be read again. */
bool hob_csv_decide(struct hob_csv_reading *reading);
/* Makes the frame's columns of the parts. */
int hob_csv_finish(struct hob_csv_reading *reading);
/* Frees pieces, parts and what is in them. */
void hob_csv_drop(struct hob_csv_reading *reading);

/* csv_pieces.c: reads the rows in `count` pieces, on several threads. Leaves the columns to be
 * finished; positive results and HOB_E_MEMORY alone. */
int hob_csv_read_pieces(struct hob_csv_reading *reading, size_t count);

/* csv_names.c: header cells to column names in the frame's arena: two lists of values, the names
 * and what they were before repeated ones were told apart. False without memory. */
bool hob_csv_names(struct hob_arena *arena, const struct hob_csv_cell *cells, size_t count,
                   const struct hob_value ***names, const struct hob_value ***written);

#endif
