/* line_editor_libedit: the adapter of libedit; see line_editor.h.
 *
 * While a line is edited the terminal's keys send no signals: Ctrl-C arrives as a character, bound
 * to a function here, so that no signal handler has to talk to the library. */
#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utf8.h"
#include "cli/display.h"
#include "cli/line_editor.h"
#include "cli/output.h"

enum { HISTORY_LENGTH = 1000, MOST_SHOWN = 100 };

struct hob_line_editor {
    struct hob_line_options options;
    EditLine *edit;
    History *history;
    const char *prompt;
};

static struct hob_line_editor *owner_of(EditLine *edit)
{
    void *data = NULL;
    el_get(edit, EL_CLIENTDATA, &data);
    return data;
}

static char *prompt_of(EditLine *edit)
{
    return (char *)owner_of(edit)->prompt;
}

/* The library counts characters where it moves and deletes, and gives bytes. */
static int characters(const char *text, size_t size)
{
    return (int)hob_utf8_count((struct hob_text){text, size});
}

static unsigned char give_up_line(EditLine *edit, int character)
{
    const LineInfo *line = el_line(edit);
    size_t size = (size_t)(line->lastchar - line->buffer);
    int all = characters(line->buffer, size);
    (void)character;
    el_cursor(edit, all); /* to the end, which it does not go beyond */
    el_deletestr(edit, all);
    fputs("^C\n", stdout);
    return CC_REDISPLAY;
}

/* ---- completion ---- */

/* Where the word before the cursor begins: quotes keep blanks together. */
static size_t word_start(const char *line, size_t cursor)
{
    size_t start = 0;
    char quote = '\0';
    for (size_t at = 0; at < cursor; at++) {
        if (quote != '\0') {
            if (line[at] == quote)
                quote = '\0';
        } else if (line[at] == '"' || line[at] == '\'') {
            quote = line[at];
        } else if (line[at] == ' ' || line[at] == '\t') {
            start = at + 1;
        }
    }
    return start;
}

static size_t common_prefix(const char *a, const char *b)
{
    size_t size = 0;
    while (a[size] != '\0' && a[size] == b[size])
        size++;
    /* Never half of a character. */
    while (size > 0 && ((unsigned char)a[size] & 0xC0) == 0x80)
        size--;
    return size;
}

static size_t widest_of(const struct hob_buffer *words, size_t *count)
{
    HOB_AUTO(buffer) struct hob_buffer shown = HOB_BUFFER_INIT;
    size_t widest = 0;
    *count = 0;
    for (const char *word = words->data; word < words->data + words->size;
         word += strlen(word) + 1) {
        size_t width = hob_display_put(&shown, hob_text_from(word));
        if ((*count)++ < MOST_SHOWN && width > widest)
            widest = width;
    }
    return widest;
}

/* In columns, below the line. */
static void show_words(const struct hob_buffer *words)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    size_t count, used = 0, line_width = hob_terminal_look().width;
    size_t widest = widest_of(words, &count);
    const char *word = words->data;
    hob_buffer_put_char(&out, '\n');
    for (size_t i = 0; i < count && i < MOST_SHOWN; i++, word += strlen(word) + 1) {
        size_t width = hob_display_put(&out, hob_text_from(word));
        used += widest + 2;
        bool full = used + widest > line_width;
        used = full ? 0 : used;
        hob_buffer_put_repeated(&out, full ? '\n' : ' ', full ? 1 : widest + 2 - width);
    }
    hob_buffer_put_string(&out, used > 0 ? "\n" : "");
    if (count > MOST_SHOWN)
        hob_buffer_printf(&out, "and %zu more\n", count - MOST_SHOWN);
    fwrite(out.data, 1, out.size, stdout);
    fflush(stdout);
}

static unsigned char complete(EditLine *edit, int character)
{
    struct hob_line_editor *editor = owner_of(edit);
    const LineInfo *line = el_line(edit);
    HOB_AUTO(buffer) struct hob_buffer words = HOB_BUFFER_INIT;
    size_t end = (size_t)(line->cursor - line->buffer);
    size_t start = word_start(line->buffer, end);
    struct hob_text whole = {line->buffer, (size_t)(line->lastchar - line->buffer)};
    (void)character;
    editor->options.complete(editor->options.data, whole, start, end, &words);
    if (words.size == 0 || hob_buffer_failed(&words))
        return CC_REFRESH_BEEP;
    const char *first = words.data;
    size_t common = strlen(first);
    bool only = true;
    for (const char *word = first + common + 1; word < words.data + words.size;
         word += strlen(word) + 1) {
        size_t shared = common_prefix(first, word);
        common = shared < common ? shared : common;
        only = false;
    }
    HOB_AUTO(buffer) struct hob_buffer inserted = HOB_BUFFER_INIT;
    hob_buffer_put(&inserted, first, common);
    hob_buffer_put_string(&inserted, only ? " " : "");
    struct hob_text before = {line->buffer + start, end - start};
    if (hob_text_equal(hob_buffer_text(&inserted), before)) {
        show_words(&words);
        return CC_REDISPLAY;
    }
    el_deletestr(edit, characters(line->buffer + start, end - start));
    return el_insertstr(edit, hob_buffer_string(&inserted)) == 0 ? CC_REFRESH : CC_REFRESH_BEEP;
}

/* ---- history ---- */

static History *new_history(void)
{
    HistEvent event;
    History *made = history_init();
    if (made == NULL)
        return NULL;
    history(made, &event, H_SETSIZE, HISTORY_LENGTH);
    history(made, &event, H_SETUNIQUE, 1);
    return made;
}

/* The file, locked, or -1. Who had the lock before has replaced the file: what was waited for is
 * then not any more what has the name. */
static int lock_history(const char *path)
{
    enum { TRIES = 100 };
    for (int i = 0; i < TRIES; i++) {
        int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        struct stat own, named;
        if (file < 0)
            return -1;
        if (flock(file, LOCK_EX) == 0 && fstat(file, &own) == 0 && stat(path, &named) == 0 &&
            own.st_dev == named.st_dev && own.st_ino == named.st_ino)
            return file;
        close(file);
    }
    return -1;
}

/* Puts the line behind what the file has by now, which other shells write as well; at once, for a
 * terminal may be closed at any time. Without a history nobody is worse off: errors are not told.
 */
static void remember(const char *path, const char *line)
{
    HistEvent event;
    HOB_AUTO(buffer) struct hob_buffer temporary = HOB_BUFFER_INIT;
    HOB_AUTO(free) char *resolved = realpath(path, NULL);
    path = resolved != NULL ? resolved : path;
    HOB_AUTO(descriptor) int lock = lock_history(path);
    History *all = lock >= 0 ? new_history() : NULL;
    if (all == NULL)
        return;
    hob_buffer_printf(&temporary, "%s.%ld", path, (long)getpid());
    const char *name = hob_buffer_string(&temporary);
    history(all, &event, H_LOAD, path);
    history(all, &event, H_ENTER, line);
    if (history(all, &event, H_SAVE, name) < 0 || rename(name, path) != 0)
        unlink(name);
    history_end(all);
}

/* ---- the editor ---- */

static void set_up(struct hob_line_editor *editor)
{
    EditLine *edit = editor->edit;
    HistEvent event;
    el_set(edit, EL_CLIENTDATA, editor);
    el_set(edit, EL_PROMPT, prompt_of);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_SIGNAL, 1);
    el_set(edit, EL_SETTY, "-d", "-isig", NULL);
    el_set(edit, EL_ADDFN, "hob-complete", "complete the word", complete);
    el_set(edit, EL_ADDFN, "hob-give-up", "give the line up", give_up_line);
    if (editor->history != NULL) {
        if (editor->options.history != NULL)
            history(editor->history, &event, H_LOAD, editor->options.history);
        el_set(edit, EL_HIST, history, editor->history);
    }
    el_source(edit, NULL);
    el_set(edit, EL_BIND, "^I", "hob-complete", NULL);
    el_set(edit, EL_BIND, "^C", "hob-give-up", NULL);
    el_set(edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
}

struct hob_line_editor *hob_line_editor_open(const struct hob_line_options *options)
{
    struct hob_line_editor *editor = hob_alloc_zero(1, sizeof *editor);
    editor->options = *options;
    editor->prompt = "";
    setlocale(LC_CTYPE, "C.UTF-8"); /* for how wide characters are; nothing else depends on it */
    editor->history = new_history();
    editor->edit = el_init("hob", stdin, stdout, stderr);
    if (editor->edit == NULL)
        return hob_line_editor_close(editor);
    set_up(editor);
    return editor;
}

struct hob_line_editor *hob_line_editor_close(struct hob_line_editor *editor)
{
    if (editor == NULL)
        return NULL;
    if (editor->edit != NULL)
        el_end(editor->edit);
    if (editor->history != NULL)
        history_end(editor->history);
    free(editor);
    return NULL;
}

/* The library takes the keys over when it reads the first one: after the prompt, which is too late
 * for somebody who is faster, and for programs that type. */
static bool take_keys(struct termios *before)
{
    struct termios own;
    if (tcgetattr(STDIN_FILENO, before) != 0)
        return false;
    own = *before;
    own.c_lflag &= ~(tcflag_t)(ISIG | ICANON | ECHO);
    own.c_cc[VMIN] = 1;
    own.c_cc[VTIME] = 0;
    return tcsetattr(STDIN_FILENO, TCSADRAIN, &own) == 0;
}

int hob_line_editor_read(struct hob_line_editor *editor, const char *prompt,
                         struct hob_buffer *line)
{
    HistEvent event;
    int count = 0;
    struct termios before;
    bool taken = take_keys(&before);
    editor->prompt = prompt;
    const char *text = el_gets(editor->edit, &count);
    editor->prompt = "";
    if (taken)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    if (text == NULL || count <= 0)
        return 0;
    struct hob_text got = {text, (size_t)count};
    while (got.size > 0 && (got.data[got.size - 1] == '\n' || got.data[got.size - 1] == '\r'))
        got.size--;
    hob_buffer_clear(line);
    hob_buffer_put_text(line, got);
    if (got.size > 0 && editor->history != NULL)
        history(editor->history, &event, H_ENTER, hob_buffer_string(line));
    if (got.size > 0 && editor->options.history != NULL)
        remember(editor->options.history, hob_buffer_string(line));
    return 1;
}
