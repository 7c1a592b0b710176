/* fake: flows of type fake: a table of made-up data, for trying things out.
 *
 * Each column has a stream of chance of its own, which depends on the seed, its name and what it
 * makes: the same flow with a `seed` gives the same table everywhere and always, and a column more
 * changes no other. Without a seed every answer differs, and is never used again. */
#include "access/formats.h"

#include "base/clock.h"

enum { MAX_CELLS = 20 * 1000 * 1000, MAX_ROWS = 1000000 };

struct chance {
    uint64_t state;
};

/* SplitMix64: any seed will do, also 0 and 1. */
static uint64_t next(struct chance *chance)
{
    uint64_t mixed = chance->state += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return mixed ^ mixed >> 31;
}

/* 0 to count - 1. */
static size_t below(struct chance *chance, size_t count)
{
    return (size_t)(next(chance) % count);
}

#define PICK(chance, words) (words)[below(chance, sizeof(words) / sizeof *(words))]

static const char *const given_names[] = {
    "Ada",   "Alan",  "Amina",  "Andrei", "Beatriz", "Carlos",  "Chidi",   "Dorothy",
    "Elena", "Emil",  "Fatima", "Grace",  "Hannah",  "Ibrahim", "Ines",    "Jamal",
    "Joan",  "Katya", "Kofi",   "Lena",   "Mai",     "Marcus",  "Nadia",   "Noor",
    "Oscar", "Priya", "Rosa",   "Samuel", "Tomoko",  "Umar",    "Wanjiru", "Zofia",
};

static const char *const family_names[] = {
    "Abara",    "Andersson", "Baker",  "Costa",  "Diallo",   "Eriksen",  "Fischer", "Garcia",
    "Hughes",   "Ivanova",   "Jansen", "Kamau",  "Kowalska", "Lindgren", "Mensah",  "Moreau",
    "Nakamura", "Novak",     "Okafor", "Patel",  "Quinn",    "Rossi",    "Schmidt", "Silva",
    "Tanaka",   "Turner",    "Usman",  "Vargas", "Wallace",  "Xu",       "Yilmaz",  "Zhang",
};

static const char *const cities[] = {"Accra",  "Bergen", "Bogota", "Delhi",  "Gdansk", "Hanoi",
                                     "Kigali", "Kyoto",  "Leeds",  "Lisbon", "Lyon",   "Nairobi",
                                     "Oaxaca", "Porto",  "Quebec", "Turin"};
static const char *const countries[] = {
    "Ghana", "Norway",   "Colombia", "India",  "Poland", "Vietnam", "Rwanda", "Japan",
    "Kenya", "Portugal", "France",   "Mexico", "Canada", "Italy",   "Brazil", "Germany"};
static const char *const company_kinds[] = {"Ltd",  "and Sons", "Group",
                                            "Labs", "Works",    "Partners"};
static const char *const streets[] = {"Church Street",   "Harbour Road", "High Street",
                                      "Mill Lane",       "Park Avenue",  "Station Road",
                                      "Victoria Square", "Willow Walk"};
static const char *const jobs[] = {"architect", "baker",  "carpenter", "engineer", "farmer",
                                   "librarian", "lawyer", "nurse",     "pilot",    "teacher"};
static const char *const words[] = {
    "a",     "and",   "bridge", "bright", "careful", "cloud", "data",  "early", "field", "garden",
    "green", "house", "in",     "lamp",   "learns",  "light", "model", "moves", "near",  "of",
    "old",   "over",  "paper",  "quiet",  "river",   "sings", "small", "stone", "the",   "window"};

/* Generators: one cell each, as text or into a column of their own type. */

typedef void make_text(struct hob_buffer *out, struct chance *chance);

static void make_given_name(struct hob_buffer *out, struct chance *chance)
{
    hob_buffer_put_string(out, PICK(chance, given_names));
}

static void make_family_name(struct hob_buffer *out, struct chance *chance)
{
    hob_buffer_put_string(out, PICK(chance, family_names));
}

static void make_name(struct hob_buffer *out, struct chance *chance)
{
    make_given_name(out, chance);
    hob_buffer_put_char(out, ' ');
    make_family_name(out, chance);
}

static void put_lower(struct hob_buffer *out, const char *string)
{
    for (; *string != '\0'; string++)
        hob_buffer_put_char(out,
                            (char)(*string >= 'A' && *string <= 'Z' ? *string | 0x20 : *string));
}

static void make_email(struct hob_buffer *out, struct chance *chance)
{
    put_lower(out, PICK(chance, given_names));
    hob_buffer_put_char(out, '.');
    put_lower(out, PICK(chance, family_names));
    hob_buffer_printf(out, "%zu@example.%s", below(chance, 100),
                      below(chance, 2) == 0 ? "com" : "org");
}

static void make_user_name(struct hob_buffer *out, struct chance *chance)
{
    put_lower(out, PICK(chance, given_names));
    hob_buffer_printf(out, "%zu", below(chance, 1000));
}

static void make_city(struct hob_buffer *out, struct chance *chance)
{
    hob_buffer_put_string(out, PICK(chance, cities));
}

static void make_country(struct hob_buffer *out, struct chance *chance)
{
    hob_buffer_put_string(out, PICK(chance, countries));
}

static void make_company(struct hob_buffer *out, struct chance *chance)
{
    make_family_name(out, chance);
    hob_buffer_put_char(out, ' ');
    hob_buffer_put_string(out, PICK(chance, company_kinds));
}

static void make_address(struct hob_buffer *out, struct chance *chance)
{
    hob_buffer_printf(out, "%zu ", 1 + below(chance, 200));
    hob_buffer_put_string(out, PICK(chance, streets));
    hob_buffer_put_string(out, ", ");
    make_city(out, chance);
}

static void make_job(struct hob_buffer *out, struct chance *chance)
{
    hob_buffer_put_string(out, PICK(chance, jobs));
}

/* In a range that is kept for fiction. */
static void make_phone(struct hob_buffer *out, struct chance *chance)
{
    hob_buffer_printf(out, "+44 1632 960%03zu", below(chance, 1000));
}

static void make_date(struct hob_buffer *out, struct chance *chance)
{
    size_t year = 1990 + below(chance, 36), month = 1 + below(chance, 12);
    hob_buffer_printf(out, "%04zu-%02zu-%02zu", year, month, 1 + below(chance, 28));
}

static void make_word(struct hob_buffer *out, struct chance *chance)
{
    hob_buffer_put_string(out, PICK(chance, words));
}

static void make_sentence(struct hob_buffer *out, struct chance *chance)
{
    size_t start = out->size;
    for (size_t left = 5 + below(chance, 8); left > 0; left--) {
        make_word(out, chance);
        hob_buffer_put_char(out, left > 1 ? ' ' : '.');
    }
    if (!hob_buffer_failed(out))
        out->data[start] = (char)(out->data[start] & ~0x20);
}

static void make_text_block(struct hob_buffer *out, struct chance *chance)
{
    for (size_t left = 2 + below(chance, 3); left > 0; left--) {
        make_sentence(out, chance);
        if (left > 1)
            hob_buffer_put_char(out, ' ');
    }
}

static void make_url(struct hob_buffer *out, struct chance *chance)
{
    hob_buffer_put_string(out, "https://www.example.org/");
    make_word(out, chance);
    hob_buffer_printf(out, "/%zu", below(chance, 10000));
}

static void make_uuid(struct hob_buffer *out, struct chance *chance)
{
    uint64_t high = next(chance), low = next(chance);
    hob_buffer_printf(out, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(high >> 32),
                      (unsigned)(high >> 16 & 0xFFFF), (unsigned)(high & 0xFFF),
                      (unsigned)(low >> 48 & 0x3FFF) | 0x8000,
                      (unsigned long long)(low & 0xFFFFFFFFFFFFu));
}

static const struct generator {
    const char *name;
    enum hob_column_type type;
    make_text *make;       /* STRING */
    int64_t first, number; /* INT64: so many from `first` on */
} generators[] = {
    {"address", HOB_COLUMN_STRING, make_address, 0, 0},
    {"age", HOB_COLUMN_INT64, NULL, 18, 73},
    {"boolean", HOB_COLUMN_BOOL, NULL, 0, 0},
    {"city", HOB_COLUMN_STRING, make_city, 0, 0},
    {"company", HOB_COLUMN_STRING, make_company, 0, 0},
    {"country", HOB_COLUMN_STRING, make_country, 0, 0},
    {"date", HOB_COLUMN_STRING, make_date, 0, 0},
    {"email", HOB_COLUMN_STRING, make_email, 0, 0},
    {"family_name", HOB_COLUMN_STRING, make_family_name, 0, 0},
    {"first_name", HOB_COLUMN_STRING, make_given_name, 0, 0},
    {"float", HOB_COLUMN_FLOAT64, NULL, 0, 0},
    {"given_name", HOB_COLUMN_STRING, make_given_name, 0, 0},
    {"integer", HOB_COLUMN_INT64, NULL, 0, 10000},
    {"job", HOB_COLUMN_STRING, make_job, 0, 0},
    {"last_name", HOB_COLUMN_STRING, make_family_name, 0, 0},
    {"name", HOB_COLUMN_STRING, make_name, 0, 0},
    {"phone", HOB_COLUMN_STRING, make_phone, 0, 0},
    {"sentence", HOB_COLUMN_STRING, make_sentence, 0, 0},
    {"text", HOB_COLUMN_STRING, make_text_block, 0, 0},
    {"url", HOB_COLUMN_STRING, make_url, 0, 0},
    {"user_name", HOB_COLUMN_STRING, make_user_name, 0, 0},
    {"uuid", HOB_COLUMN_STRING, make_uuid, 0, 0},
    {"word", HOB_COLUMN_STRING, make_word, 0, 0},
    {"year", HOB_COLUMN_INT64, NULL, 1950, 77},
};

static const struct generator *find(struct hob_text name)
{
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++)
        if (hob_text_is(name, generators[i].name))
            return &generators[i];
    return NULL;
}

static void hint_generators(struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer names = HOB_BUFFER_INIT;
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++)
        hob_buffer_printf(&names, "%s%s", i > 0 ? ", " : "", generators[i].name);
    hob_error_hint(error, "there are %s", hob_buffer_string(&names));
}

static int refuse(struct hob_error *error, const char *message)
{
    return hob_error_set(error, HOB_E_PARAMETER, "%s", message);
}

/* `cols` as a list: every unknown name is told. */
static int check_list(const struct hob_value *cols, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer unknown = HOB_BUFFER_INIT;
    for (uint32_t i = 0; i < cols->list.count; i++) {
        struct hob_text name = hob_value_text(cols->list.items[i]);
        if (name.data == NULL)
            return hob_error_set(error, HOB_E_PARAMETER, "a column in \"cols\" is a %s, not a text",
                                 hob_value_kind_name(cols->list.items[i]));
        if (find(name) == NULL)
            hob_buffer_printf(&unknown, "%s%.*s", unknown.size > 0 ? ", " : "", HOB_TEXT_ARG(name));
    }
    if (unknown.size == 0)
        return 0;
    hob_error_set(error, HOB_E_PARAMETER,
                  "\"fake\" specified as the type and columns are provided as a list, but the "
                  "following columns are not attributes of lynguine.util.fake.Generate: \"%s\"",
                  hob_buffer_string(&unknown));
    hint_generators(error);
    return HOB_E_PARAMETER;
}

static int check_mapping(const struct hob_value *cols, struct hob_error *error)
{
    for (uint32_t i = 0; i < cols->map.count; i++) {
        struct hob_text name = hob_value_text(cols->map.pairs[i].value);
        if (name.data != NULL && find(name) != NULL)
            continue;
        if (name.data == NULL)
            name = HOB_TEXT("something that is no text");
        hob_error_set(error, HOB_E_PARAMETER,
                      "\"%.*s\" specified as column's fake function, \"%.*s\" is not an attribute "
                      "of lynguine.util.fake.Generate.",
                      HOB_TEXT_ARG(name), HOB_TEXT_ARG(name));
        hint_generators(error);
        return HOB_E_PARAMETER;
    }
    return 0;
}

static int check(const struct hob_value *flow, struct hob_error *error)
{
    const struct hob_value *rows = hob_value_get(flow, "nrows");
    const struct hob_value *cols = hob_value_get(flow, "cols");
    if (rows == NULL)
        return refuse(error, "\"fake\" specified in config but missing \"nrows\" key.");
    if (cols == NULL)
        return refuse(error, "\"fake\" specified in config but missing \"cols\" key.");
    if (rows->kind != HOB_INT || rows->integer < 0)
        return refuse(error, "\"nrows\" must be a non-negative integer.");
    if (rows->integer > MAX_ROWS)
        return hob_error_set(error, HOB_E_LIMIT, "\"nrows\" must be %d at most.", (int)MAX_ROWS);
    bool list = cols->kind == HOB_LIST, map = cols->kind == HOB_MAP;
    size_t count = list ? cols->list.count : map ? cols->map.count : 0;
    if (count > 0 && (size_t)rows->integer > (size_t)MAX_CELLS / count)
        return hob_error_set(error, HOB_E_LIMIT,
                             "fake data of %lld rows and %zu columns: more than %d cells",
                             (long long)rows->integer, count, (int)MAX_CELLS);
    if (list)
        return check_list(cols, error);
    if (map)
        return check_mapping(cols, error);
    return refuse(error, "\"fake\" specified in config which requires that cols are specified as a "
                         "dictionary, with dictionary entries representing the type of fake data "
                         "to be generated.");
}

/* The seed of the whole table: what the flow says, or chance. */
static int seed_of(uint64_t *seed, const struct hob_scope *scope, const struct hob_value *flow,
                   struct hob_error *error)
{
    const struct hob_value *given = hob_value_get(flow, "seed");
    if (hob_value_is(given, HOB_INT)) {
        *seed = (uint64_t)given->integer;
        return 0;
    }
    if (!hob_value_is_null(given))
        return refuse(error, "\"seed\" must be an integer.");
    hob_sources_set_volatile(scope->sources);
    struct chance clock = {hob_clock_now() ^ hob_text_hash(HOB_TEXT("fake"))};
    *seed = next(&clock);
    return 0;
}

/* Texts mixed into a number in a way that is the same in every process. */
static uint64_t mix(uint64_t seed, struct hob_text text)
{
    struct chance chance = {seed};
    for (size_t i = 0; i < text.size; i++)
        chance.state = next(&chance) ^ (unsigned char)text.data[i];
    return next(&chance);
}

static bool append(struct hob_column *column, const struct generator *generator,
                   struct chance *chance, struct hob_buffer *cell)
{
    switch (generator->type) {
    case HOB_COLUMN_INT64:
        return hob_column_append_int(column, generator->first +
                                                 (int64_t)below(chance, (size_t)generator->number));
    case HOB_COLUMN_FLOAT64:
        return hob_column_append_double(column, (double)(next(chance) >> 11) * 0x1p-53);
    case HOB_COLUMN_BOOL:
        return hob_column_append_bool(column, below(chance, 2) == 1);
    default:
        hob_buffer_clear(cell);
        generator->make(cell, chance);
        return !hob_buffer_failed(cell) && hob_column_append_string(column, hob_buffer_text(cell));
    }
}

static bool add_column(struct hob_frame *frame, const struct hob_value *name, struct hob_text kind,
                       uint64_t seed, size_t rows)
{
    HOB_AUTO(buffer) struct hob_buffer cell = HOB_BUFFER_INIT;
    const struct generator *generator = find(kind);
    struct chance chance = {mix(mix(seed, kind), hob_value_text(name))};
    struct hob_column column;
    hob_column_init(&column, generator->type);
    bool done = true;
    for (size_t row = 0; done && row < rows; row++)
        done = append(&column, generator, &chance, &cell);
    const struct hob_value *copy = hob_value_copy_deep(hob_frame_arena(frame), name);
    done = done && copy != NULL && hob_frame_add(frame, copy, &column) != NULL;
    hob_column_deinit(&column);
    return done;
}

static bool add_columns(struct hob_frame *frame, const struct hob_value *cols, uint64_t seed,
                        size_t rows)
{
    bool list = cols->kind == HOB_LIST, done = true;
    for (uint32_t i = 0; done && i < (list ? cols->list.count : cols->map.count); i++) {
        const struct hob_value *name = list ? cols->list.items[i] : cols->map.pairs[i].key;
        const struct hob_value *kind = list ? name : cols->map.pairs[i].value;
        done = (list && hob_frame_find(frame, name) != SIZE_MAX) ||
               add_column(frame, name, hob_value_text(kind), seed, rows);
    }
    return done;
}

int hob_fake_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                       const struct hob_value *flow, struct hob_error *error)
{
    uint64_t seed = 0;
    int result = check(flow, error);
    if (result == 0)
        result = seed_of(&seed, scope, flow, error);
    if (result < 0)
        return result;
    size_t rows = (size_t)hob_value_get(flow, "nrows")->integer;
    HOB_AUTO(frame) struct hob_frame *made = hob_frame_new();
    hob_frame_set_rows(made, rows);
    /* Without rows the reference knows of no columns either. */
    if (rows > 0 && !add_columns(made, hob_value_get(flow, "cols"), seed, rows))
        return hob_error_set(error, HOB_E_MEMORY, "making fake data: not enough memory");
    *frame = HOB_STEAL(made);
    return 0;
}
