/* accept: see accept.h.
 *
 * Both headers are lists of a name, parameters, and a weight `q` between 0 and 1 with up to three
 * digits, which is kept in thousandths. For each thing that is offered the most exact entry
 * decides, wherever it stands: `text/csv;q=0` takes CSV out of "everything". Entries are read again
 * for each offer; there are few of both, and so nothing has to be kept. */
#include "server/accept.h"

#include <stdint.h>
#include <strings.h>

static const struct {
    const char *type, *content_type;
} forms[HOB_FORMS] = {
    [HOB_FORM_JSON] = {"application/json", "application/json"},
    [HOB_FORM_LINES] = {"application/x-ndjson", "application/x-ndjson"},
    [HOB_FORM_CSV] = {"text/csv", "text/csv; charset=utf-8"},
    [HOB_FORM_ARROW] = {"application/vnd.apache.arrow.stream",
                        "application/vnd.apache.arrow.stream"},
};

static const char *const encodings[HOB_ENCODINGS] = {
    [HOB_ENCODING_IDENTITY] = "identity",
    [HOB_ENCODING_GZIP] = "gzip",
    [HOB_ENCODING_ZSTD] = "zstd",
};

const char *hob_form_type(enum hob_form form)
{
    return forms[form].type;
}

const char *hob_form_content_type(enum hob_form form)
{
    return forms[form].content_type;
}

const char *hob_encoding_name(enum hob_encoding encoding)
{
    return encodings[encoding];
}

/* ---- the grammar ---- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static bool is_token(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || (byte != '\0' && strchr("!#$%&'*+-.^_`|~/", byte));
}

static void skip_blanks(struct hob_text *rest)
{
    while (rest->size > 0 && is_blank(*rest->data))
        *rest = (struct hob_text){rest->data + 1, rest->size - 1};
}

static bool skip_byte(struct hob_text *rest, char byte)
{
    if (rest->size == 0 || *rest->data != byte)
        return false;
    *rest = (struct hob_text){rest->data + 1, rest->size - 1};
    return true;
}

static struct hob_text take(struct hob_text *rest, size_t size)
{
    struct hob_text taken = {rest->data, size};
    *rest = (struct hob_text){rest->data + size, rest->size - size};
    return taken;
}

/* A token; slashes count, so that `text/csv` is one. */
static struct hob_text take_token(struct hob_text *rest)
{
    size_t size = 0;
    while (size < rest->size && is_token(rest->data[size]))
        size++;
    return take(rest, size);
}

/* How long the quoted text is that the text starts with; all of it when the quote doesn't end. */
static size_t quoted_size(struct hob_text text)
{
    size_t i = 1;
    while (i < text.size && text.data[i] != '"')
        i += text.data[i] == '\\' ? 2 : 1;
    return i < text.size ? i + 1 : text.size;
}

/* The next entry of the list: up to a comma that is in no quotes. False at the end. */
static bool next_entry(struct hob_text *rest, struct hob_text *entry)
{
    size_t size = 0;
    if (rest->size == 0)
        return false;
    while (size < rest->size && rest->data[size] != ',') {
        struct hob_text here = {rest->data + size, rest->size - size};
        size += *here.data == '"' ? quoted_size(here) : 1;
    }
    *entry = take(rest, size);
    skip_byte(rest, ',');
    skip_blanks(entry);
    while (entry->size > 0 && is_blank(entry->data[entry->size - 1]))
        entry->size--;
    return true;
}

static bool same(struct hob_text text, const char *name)
{
    return text.size == strlen(name) && strncasecmp(text.data, name, text.size) == 0;
}

/* `0.25` as 250; -1 for what is no weight. */
static int parse_weight(struct hob_text text)
{
    int weight = 0, unit = 1000;
    if (text.size == 0 || text.size > 5 || (text.size > 1 && text.data[1] != '.'))
        return -1;
    for (size_t i = 0; i < text.size; i++) {
        if (i == 1)
            continue;
        if (text.data[i] < '0' || text.data[i] > '9')
            return -1;
        weight += (text.data[i] - '0') * unit;
        unit /= 10;
    }
    return weight <= 1000 ? weight : -1;
}

/* ---- entries ---- */

struct entry {
    struct hob_text name; /* lower or upper case, as it came */
    int weight;
    bool special;   /* it has parameters... */
    bool satisfied; /* ...and all of them are true of what hob sends */
};

/* One parameter; false when it is malformed. Everything that hob sends is UTF-8. */
static bool read_parameter(struct hob_text *rest, struct entry *entry)
{
    skip_blanks(rest);
    struct hob_text name = take_token(rest), value;
    if (name.size == 0)
        return rest->size == 0 || *rest->data == ';'; /* an empty one, which is allowed */
    if (!skip_byte(rest, '='))
        return false;
    if (rest->size > 0 && *rest->data == '"') {
        value = take(rest, quoted_size(*rest));
        if (value.size < 2 || value.data[value.size - 1] != '"')
            return false;
        value = (struct hob_text){value.data + 1, value.size - 2};
    } else {
        value = take_token(rest);
    }
    skip_blanks(rest);
    if (same(name, "q")) {
        entry->weight = parse_weight(value);
        return entry->weight >= 0;
    }
    entry->special = true;
    entry->satisfied = entry->satisfied && same(name, "charset") && same(value, "utf-8");
    return true;
}

/* False for what is empty or malformed. */
static bool read_entry(struct hob_text text, struct entry *entry)
{
    *entry = (struct entry){.weight = 1000, .satisfied = true};
    entry->name = take_token(&text);
    skip_blanks(&text);
    while (entry->name.size > 0 && text.size > 0)
        if (!skip_byte(&text, ';') || !read_parameter(&text, entry))
            return false;
    return entry->name.size > 0;
}

/* ---- choosing ---- */

/* What a header says of one thing that is offered. */
struct verdict {
    int weight;    /* -1: nothing */
    int exactness; /* 0: nothing; the larger the more exact */
    unsigned place;
};

static bool is_type_of(struct hob_text range, const char *offer)
{
    const char *slash = strchr(offer, '/');
    size_t size = slash != NULL ? (size_t)(slash - offer) : 0;
    return size > 0 && range.size == size + 2 && strncasecmp(range.data, offer, size + 1) == 0 &&
           range.data[size + 1] == '*';
}

enum { NAMED = 3 /* the least exactness of what is named itself */ };

/* How exactly the entry means the offer; 0: not at all. */
static int exactness_of(const struct entry *entry, const char *offer)
{
    if (!entry->satisfied)
        return 0;
    if (same(entry->name, offer))
        return entry->special ? NAMED + 1 : NAMED;
    if (strcmp(offer, "gzip") == 0 && same(entry->name, "x-gzip"))
        return NAMED;
    if (is_type_of(entry->name, offer))
        return 2;
    return same(entry->name, strchr(offer, '/') != NULL ? "*/*" : "*") ? 1 : 0;
}

/* Sets *any when the header has an entry that can be read. */
static struct verdict judge(const struct hob_accept_header *header, const char *offer, bool *any)
{
    struct verdict verdict = {.weight = -1};
    unsigned place = 0;
    for (unsigned i = 0; i < header->count; i++) {
        struct hob_text rest = header->lines[i], text;
        for (; next_entry(&rest, &text); place++) {
            struct entry entry;
            if (!read_entry(text, &entry))
                continue;
            *any = true;
            int exactness = exactness_of(&entry, offer);
            if (exactness > verdict.exactness)
                verdict = (struct verdict){entry.weight, exactness, place};
        }
    }
    return verdict;
}

static bool is_better(struct verdict verdict, struct verdict best)
{
    if (verdict.weight != best.weight)
        return verdict.weight > best.weight;
    if (verdict.exactness != best.exactness)
        return verdict.exactness > best.exactness;
    return verdict.place < best.place;
}

int hob_accept_form(const struct hob_accept_header *accept)
{
    struct verdict best = {.weight = 0};
    int chosen = HOB_FORM_NONE;
    bool any = false;
    if (accept->count == 1 && hob_text_is(accept->lines[0], "*/*")) /* what most clients send */
        return HOB_FORM_JSON;
    for (int form = 0; accept->count > 0 && form < HOB_FORMS; form++) {
        struct verdict verdict = judge(accept, forms[form].type, &any);
        if (verdict.weight <= 0 || (chosen != HOB_FORM_NONE && !is_better(verdict, best)))
            continue;
        best = verdict;
        chosen = form;
    }
    return any ? chosen : HOB_FORM_JSON;
}

struct hob_accept_wish hob_accept_wish_for(const struct hob_accept_header *accept, const char *type)
{
    bool any = false;
    struct verdict verdict = judge(accept, type, &any);
    return (struct hob_accept_wish){.weight = verdict.weight > 0 ? verdict.weight : 0,
                                    .named = verdict.exactness >= NAMED};
}

enum hob_encoding hob_accept_encoding(const struct hob_accept_header *accept, unsigned available)
{
    /* The one that costs the least for what it saves comes first. */
    static const enum hob_encoding offers[] = {HOB_ENCODING_ZSTD, HOB_ENCODING_GZIP,
                                               HOB_ENCODING_IDENTITY};
    enum hob_encoding chosen = HOB_ENCODING_IDENTITY;
    int best = 0;
    bool any = false;
    for (size_t i = 0; accept->count > 0 && i < sizeof offers / sizeof *offers; i++) {
        struct verdict verdict = judge(accept, encodings[offers[i]], &any);
        if ((available & 1u << offers[i]) == 0 || verdict.weight <= best)
            continue;
        best = verdict.weight;
        chosen = offers[i];
    }
    return chosen;
}

bool hob_accept_refuses_identity(const struct hob_accept_header *accept)
{
    bool any = false;
    return accept->count > 0 && judge(accept, encodings[HOB_ENCODING_IDENTITY], &any).weight == 0;
}

bool hob_accept_has_tag(const struct hob_accept_header *if_none_match, struct hob_text tag)
{
    for (unsigned i = 0; i < if_none_match->count; i++) {
        struct hob_text rest = if_none_match->lines[i], entry;
        while (next_entry(&rest, &entry)) {
            /* A weak tag will do: the bytes need not be the same to be fresh. */
            if (entry.size > 2 && entry.data[0] == 'W' && entry.data[1] == '/')
                take(&entry, 2);
            if (hob_text_equal(entry, tag) || hob_text_equal(entry, HOB_TEXT("*")))
                return true;
        }
    }
    return false;
}
