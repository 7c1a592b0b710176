/* hints: what to do next about an error of a session, in the words of who asked: of the HTTP API,
 * whose answers have the first text, and of hob session, which shows the second in its place. */
#ifndef HOB_SESSION_HINTS_H
#define HOB_SESSION_HINTS_H

#include "base/error.h"

/* name, for the API, for the command line */
#define HOB_SESSION_HINTS(X)                                                                       \
    X(COLUMNS, "get_columns lists the columns; add_column makes one",                              \
      "'hob session info' lists the columns; 'hob session add-column' makes one")                  \
    X(ROWS, "get_indices lists the rows; numbers and texts are different",                         \
      "'hob session do get_indices' lists the rows; numbers and texts are different")              \
    X(WRITABLE, "columns of output, series and cache can be; add_column makes a new one",          \
      "columns of output, series and cache can be; 'hob session add-column' makes a new one")      \
    X(ROW_IS_THERE, "set_value changes it; series may have several entries in a row",              \
      "'hob session set' changes it; series may have several entries in a row")                    \
    X(SELECTOR, "say with set_selector which column tells them apart",                             \
      "say with 'hob session focus --selector' which column tells them apart")                     \
    X(ENTRY_SELECTOR,                                                                              \
      "the row has several entries: say with set_selector which column tells them apart",          \
      "the row has several entries: say with 'hob session focus --selector' which column tells "   \
      "them apart")                                                                                \
    X(NO_SELECTOR, "set_selector first", "give 'hob session focus' a --selector first")            \
    X(ENTRIES, "get_subseries lists the entries of the row",                                       \
      "'hob session do get_subseries' lists the entries of the row")                               \
    X(COMPUTE, "give one: {\"compute\": {\"field\": ..., \"function\": ...}}",                     \
      "give one: hob session compute '{field: ..., function: ...}'")                               \
    X(SESSIONS,                                                                                    \
      "GET /api/sessions lists those that there are; sessions end when nobody uses them for "      \
      "longer than their timeout",                                                                 \
      "'hob session list' shows those that there are; sessions end when nobody uses them for "     \
      "longer than their timeout")                                                                 \
    X(FILE_CHANGED,                                                                                \
      "`reload` reads it again and keeps the edits; `save` with \"force\": true replaces it",      \
      "'hob session reload' reads it again and keeps the edits; 'hob session save --force' "       \
      "replaces it")

enum hob_session_hint {
#define X(name, api, command) HOB_SESSION_HINT_##name,
    HOB_SESSION_HINTS(X)
#undef X
};

/* Sets the error's hint. */
void hob_session_hint(struct hob_error *error, enum hob_session_hint hint);

/* Puts the words of the command line in the place of a hint that a server gave; others stay. */
void hob_session_hint_translate(struct hob_error *error);

#endif
