/* base: errors, and bytes that are handed out. See libhob.h for the rules that hold everywhere. */
#ifndef HOB_BASE_H
#define HOB_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define LIBHOB_BEGIN extern "C" {
#define LIBHOB_END }
#else
#define LIBHOB_BEGIN
#define LIBHOB_END
#endif
#define LIBHOB_API __attribute__((visibility("default")))

LIBHOB_BEGIN

/* The numbers never change; there may be more of them in later versions. */
enum libhob_code {
    LIBHOB_OK = 0,
    LIBHOB_E_PARAMETER = -1, /* an argument or option that cannot be meant */
    LIBHOB_E_VALUE = -2,     /* data that cannot be used as asked */
    LIBHOB_E_KEY = -3,       /* a key that must be there is not */
    LIBHOB_E_TYPE = -4,      /* a value of the wrong type */
    LIBHOB_E_NOT_FOUND = -5, /* no such file or program */
    LIBHOB_E_NO_INTERFACE = -6,
    LIBHOB_E_IS_DIRECTORY = -7,
    LIBHOB_E_NOT_DIRECTORY = -8,
    LIBHOB_E_PERMISSION = -9,
    LIBHOB_E_OUTSIDE = -10, /* a path outside the context's roots */
    LIBHOB_E_UNICODE = -11, /* text that is not UTF-8 */
    LIBHOB_E_JSON = -12,    /* text that is not JSON */
    LIBHOB_E_PARSE = -13,   /* a CSV file that cannot be split */
    LIBHOB_E_EMPTY = -14,   /* a CSV file with nothing in it */
    LIBHOB_E_LIMIT = -15,   /* larger or deeper than allowed */
    LIBHOB_E_MEMORY = -16,
    LIBHOB_E_IO = -17, /* the system refused: disk full... */
    LIBHOB_E_ROUTE = -18,
    LIBHOB_E_METHOD = -19,
    LIBHOB_E_FORBIDDEN = -20,
    LIBHOB_E_BUSY = -21,        /* a queue is full, or a pool rests: try again later */
    LIBHOB_E_UNSUPPORTED = -22, /* known, but not in this build */
    LIBHOB_E_INTERNAL = -23,    /* a fault of hob's own */
    LIBHOB_E_TEMPLATE = -24,    /* a template that cannot be parsed */
    LIBHOB_E_PATTERN = -25,     /* a regular expression that is none */
    LIBHOB_E_NO_KEY = -26,      /* no such session, row, column or pool */
    LIBHOB_E_NOT_ACCEPTABLE = -27,
    LIBHOB_E_WORKER = -28,    /* a worker died, or broke its pipes */
    LIBHOB_E_TIMEOUT = -29,   /* no answer before the deadline */
    LIBHOB_E_CANCELLED = -30, /* its caller said so */
    LIBHOB_E_NO_SERVER = -31, /* nobody listens there */
    LIBHOB_E_CUT = -32,       /* the server's answer ended too early */
    LIBHOB_E_PROTOCOL = -33,  /* an answer that cannot be understood */
    LIBHOB_E_INTERRUPTED = -34,
};

/* A plain value: on the stack, copied at will, never freed. */
struct libhob_error {
    int code;           /* enum libhob_code */
    char type[32];      /* as hob's HTTP answers call it: "FileNotFoundError"... */
    char message[1536]; /* what was being done, to what, why it failed */
    char hint[320];     /* what to do next; may be "" */
};

/* "FileNotFoundError"...; "RuntimeError" for a code that is none. A constant. */
LIBHOB_API const char *libhob_error_type(int code);

/* Bytes that belong to the caller. There is a NUL behind them that `size` does not count. */
struct libhob_bytes {
    char *data;
    size_t size;
};

/* Leaves {NULL, 0}; takes that, and NULL, too. */
LIBHOB_API void libhob_bytes_free(struct libhob_bytes *bytes);

/* "0.1.0": of the library that runs. A constant. */
LIBHOB_API const char *libhob_version(void);

LIBHOB_END

#endif
