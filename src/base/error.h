/* error: what went wrong, as a value.
 *
 * Fallible functions return 0 or one of the negative codes below, and take an optional
 * `struct hob_error *` last that tells what was being done, to what, why it failed, and what to do
 * next. The list is the one source of the codes, of the error_type names in HTTP answers (those
 * of the reference), and of the HTTP and exit statuses. */
#ifndef HOB_BASE_ERROR_H
#define HOB_BASE_ERROR_H

/* clang-format off */
/*  code            number  error_type             HTTP exit */
#define HOB_ERROR_LIST(X)                                                                          \
    X(PARAMETER,       1, "ValueError",           400, 2) /* malformed or missing parameter */     \
    X(VALUE,           2, "ValueError",           422, 1) /* data that cannot be used as asked */  \
    X(KEY,             3, "KeyError",             422, 1) /* a key that must be there is not */    \
    X(TYPE,            4, "TypeError",            422, 1) /* a value of the wrong type */          \
    X(NOT_FOUND,       5, "FileNotFoundError",    404, 1)                                          \
    X(NO_INTERFACE,    6, "ValueError",           404, 1) /* none of the interface files exists */ \
    X(IS_DIRECTORY,    7, "IsADirectoryError",    422, 1)                                          \
    X(NOT_DIRECTORY,   8, "NotADirectoryError",   404, 1)                                          \
    X(PERMISSION,      9, "PermissionError",      403, 1)                                          \
    X(OUTSIDE,        10, "PathEscapeError",      403, 1) /* a path outside the allowed roots */   \
    X(UNICODE,        11, "UnicodeDecodeError",   422, 1)                                          \
    X(JSON,           12, "JSONDecodeError",      422, 1)                                          \
    X(PARSE,          13, "ParserError",          422, 1) /* a CSV file that cannot be split */    \
    X(EMPTY,          14, "EmptyDataError",       422, 1)                                          \
    X(LIMIT,          15, "LimitError",           413, 1) /* larger or deeper than allowed */      \
    X(MEMORY,         16, "MemoryError",          503, 1)                                          \
    X(IO,             17, "OSError",              500, 1) /* the system refused: disk full... */   \
    X(ROUTE,          18, "ValueError",           404, 1) /* no such path in the HTTP API */       \
    X(METHOD,         19, "ValueError",           405, 1)                                          \
    X(FORBIDDEN,      20, "PermissionError",      403, 1) /* foreign Origin, Host or user */       \
    X(BUSY,           21, "BusyError",            503, 1) /* a queue is full; try again later */   \
    X(UNSUPPORTED,    22, "NotImplementedError",  422, 1) /* known, but not in this build */       \
    X(INTERNAL,       23, "RuntimeError",         500, 1) /* a fault of hob's own */               \
    X(TEMPLATE,       24, "LiquidSyntaxError",    422, 1) /* a template that cannot be parsed */   \
    X(PATTERN,        25, "error",                422, 1) /* a regular expression that is none */  \
    X(NO_KEY,         26, "KeyError",             404, 1) /* no such session, row or column */     \
    X(NOT_ACCEPTABLE, 27, "ValueError",           406, 1) /* no form that the client takes */      \
    X(WORKER,         28, "WorkerError",          502, 1) /* a worker died, or broke its pipes */  \
    X(TIMEOUT,        29, "TimeoutError",         504, 1) /* no answer before the deadline */      \
    X(CANCELLED,      30, "CancelledError",       499, 1) /* its caller went away, or said so */   \
    X(NO_SERVER,      31, "ConnectionRefusedError", 503, 1) /* nobody listens there */             \
    X(CUT,            32, "ConnectionResetError", 502, 1) /* the answer ended too early */         \
    X(PROTOCOL,       33, "ConnectionError",      502, 1) /* an answer that is not HTTP */         \
    X(INTERRUPTED,    34, "InterruptedError",     503, 130) /* somebody pressed Ctrl-C */
/* clang-format on */

enum hob_error_code {
    HOB_OK = 0,
#define X(name, number, type, http, exit) HOB_E_##name = -(number),
    HOB_ERROR_LIST(X)
#undef X
};

#define HOB_ERROR_MESSAGE_SIZE 1536
#define HOB_ERROR_HINT_SIZE 320

struct hob_error {
    int code;                             /* HOB_OK, or one of HOB_E_... */
    char message[HOB_ERROR_MESSAGE_SIZE]; /* what, to what, why; always UTF-8; cut when too long */
    char hint[HOB_ERROR_HINT_SIZE];       /* what to do next; may be empty */
};

#define HOB_ERROR_INIT                                                                             \
    {                                                                                              \
        0                                                                                          \
    }

/* Fills *error (which may be NULL) and returns `code`. The message may name the arguments of an
 * earlier message: they are formatted before the old text is overwritten. */
int hob_error_set(struct hob_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds what to do next; keeps code and message. */
void hob_error_hint(struct hob_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts "what was being done: " before the message; returns the code, for `return`. Without an error
 * to keep it the code is lost: HOB_E_INTERNAL. */
int hob_error_context(struct hob_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* An error from errno about a path: picks NOT_FOUND, IS_DIRECTORY, PERMISSION... by its value. */
int hob_error_from_errno(struct hob_error *error, int number, const char *doing, const char *path);

const char *hob_error_type(int code); /* "ValueError"... */
int hob_error_http_status(int code);
/* The code that an answer with this type and status stands for; HOB_E_INTERNAL when there is none.
 */
int hob_error_code_of(const char *type, int http_status);
int hob_error_exit_status(int code);

#endif
