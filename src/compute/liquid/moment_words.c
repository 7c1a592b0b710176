/* moment_words: see moment_words.h. A point inside a run of letters or behind a run of digits
 * belongs to it at first; if that makes no number (1.2.3, a.m.), the run is cut at its points. */
#include "compute/liquid/moment_words.h"

#include "base/utf8.h"

struct splitter {
    struct moment_words *words;
    struct hob_text text;
    size_t at;
    bool full;
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
    return (unsigned char)byte >= 0x80 || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

static void add(struct splitter *splitter, const char *data, size_t size)
{
    struct moment_words *words = splitter->words;
    if (words->count == MOMENT_MAX_WORDS || words->used + size > sizeof words->storage) {
        splitter->full = true;
        return;
    }
    char *copy = words->storage + words->used;
    memcpy(copy, data, size);
    words->used += size;
    words->words[words->count++] = (struct hob_text){copy, size};
}

/* Cuts a run at its points and commas, which become words. */
static void add_cut(struct splitter *splitter, struct hob_text run)
{
    size_t start = 0;
    for (size_t i = 0; i <= run.size; i++) {
        if (i < run.size && run.data[i] != '.' && run.data[i] != ',')
            continue;
        if (i > start)
            add(splitter, run.data + start, i - start);
        if (i < run.size)
            add(splitter, run.data + i, 1);
        start = i + 1;
    }
}

/* A run that began with a letter or a digit. */
static void take_run(struct splitter *splitter)
{
    const char *data = splitter->text.data;
    size_t start = splitter->at, at = start, size = splitter->text.size;
    bool letters = is_letter(data[at]), points = false, seen_letters = letters;
    unsigned dots = 0;
    for (at++; at < size; at++) {
        char byte = data[at];
        bool dot = byte == '.' || (!letters && !points && byte == ',' && at - start >= 2);
        bool turn = points && data[at - 1] == '.';
        if (dot) {
            points = true;
            dots += byte == '.';
        } else if (letters ? is_letter(byte) : is_digit(byte)) {
            continue;
        } else if (turn && (is_letter(byte) || is_digit(byte))) {
            letters = is_letter(byte);
            seen_letters |= letters;
        } else {
            break;
        }
    }
    splitter->at = at;
    struct hob_text run = {data + start, at - start};
    char last = run.data[run.size - 1];
    if (points && (seen_letters || dots > 1 || last == '.' || last == ',')) {
        add_cut(splitter, run);
        return;
    }
    char *copy = splitter->words->storage + splitter->words->used;
    add(splitter, run.data, run.size);
    for (size_t i = 0; !splitter->full && points && i < run.size; i++)
        if (copy[i] == ',')
            copy[i] = '.';
}

bool moment_split(struct moment_words *words, struct hob_text text)
{
    struct splitter splitter = {.words = words, .text = text};
    words->count = 0;
    words->used = 0;
    while (splitter.at < text.size && !splitter.full) {
        char byte = text.data[splitter.at];
        uint32_t character;
        unsigned length = hob_utf8_decode(text.data + splitter.at, &character);
        if (hob_utf8_is_space(character)) {
            add(&splitter, " ", 1);
            splitter.at += length;
        } else if (is_letter(byte) || is_digit(byte)) {
            take_run(&splitter);
        } else {
            add(&splitter, &byte, 1);
            splitter.at++;
        }
    }
    return !splitter.full;
}

static bool is_word(struct hob_text word, const char *name)
{
    if (word.size != strlen(name))
        return false;
    for (size_t i = 0; i < word.size; i++) {
        char byte = word.data[i];
        if ((byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte) != name[i])
            return false;
    }
    return true;
}

/* The position of the first list (names between blanks) that has the word, or -1. */
static int find_word(struct hob_text word, const char *const *lists, int count)
{
    for (int i = 0; i < count; i++) {
        const char *at = lists[i];
        while (*at != '\0') {
            char name[16] = "";
            size_t size = strcspn(at, " ");
            memcpy(name, at, size < sizeof name - 1 ? size : sizeof name - 1);
            if (is_word(word, name))
                return i;
            at += size + (at[size] == ' ');
        }
    }
    return -1;
}

int moment_weekday(struct hob_text word)
{
    static const char *const days[] = {"mon monday",   "tue tuesday", "wed wednesday",
                                       "thu thursday", "fri friday",  "sat saturday",
                                       "sun sunday"};
    return find_word(word, days, 7);
}

int moment_month(struct hob_text word)
{
    static const char *const months[] = {"jan january", "feb february", "mar march",
                                         "apr april",   "may",          "jun june",
                                         "jul july",    "aug august",   "sep sept september",
                                         "oct october", "nov november", "dec december"};
    int month = find_word(word, months, 12);
    return month < 0 ? -1 : month + 1;
}

int moment_unit(struct hob_text word)
{
    static const char *const units[] = {"h hour hours", "m minute minutes", "s second seconds"};
    return find_word(word, units, 3);
}

int moment_half(struct hob_text word)
{
    static const char *const halves[] = {"am a", "pm p"};
    return find_word(word, halves, 2);
}

bool moment_is_filler(struct hob_text word)
{
    static const char *const fillers[] = {". , ; - / ' at on and ad m t of st nd rd th"};
    return hob_text_is(word, " ") || find_word(word, fillers, 1) == 0;
}

bool moment_is_utc(struct hob_text word)
{
    return hob_text_is(word, "UTC") || hob_text_is(word, "GMT") || hob_text_is(word, "Z") ||
           hob_text_is(word, "z");
}

bool moment_is_number(struct hob_text word)
{
    return word.size > 0 && is_digit(word.data[0]);
}
