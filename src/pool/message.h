/* message: a JSON-RPC 2.0 message as it stands in a text.
 *
 * Messages pass through hob; nothing is built from them. The text is checked to be JSON as a whole,
 * and the members at its top are found as views of it. */
#ifndef HOB_POOL_MESSAGE_H
#define HOB_POOL_MESSAGE_H

#include "base/buffer.h"
#include "base/error.h"

enum hob_message_kind {
    HOB_MESSAGE_NONE, /* JSON, but no message */
    HOB_MESSAGE_REQUEST,
    HOB_MESSAGE_NOTIFICATION,
    HOB_MESSAGE_ANSWER, /* with a result, or an error */
};

struct hob_message {
    enum hob_message_kind kind;
    /* JSON as it stands there; empty: not there. */
    struct hob_text id, method, params, result, error;
    bool inexact; /* holds NaN or Infinity, which are no JSON */
};

enum { HOB_MESSAGE_MAX_DEPTH = 500 };

/* Takes one message apart. HOB_E_JSON, HOB_E_UNICODE, HOB_E_LIMIT as hob_json_next. */
int hob_message_read(struct hob_message *message, struct hob_text text, struct hob_error *error);

/* The members of a JSON list, as views of it: *count of them, for the caller to free. HOB_E_LIMIT
 * for more than HOB_MESSAGE_MAX_BATCH; HOB_E_JSON... as above. */
enum { HOB_MESSAGE_MAX_BATCH = 10000 };
int hob_message_split(struct hob_text list, struct hob_text **items, size_t *count,
                      struct hob_error *error);
/* Whether it begins as a JSON list does. */
bool hob_message_is_batch(struct hob_text text);

/* The member `name` of a JSON object as it stands there; empty when it is not. */
struct hob_text hob_message_member(struct hob_text object, const char *name);
/* A member of a message of which only the beginning is there, such as "id"; empty when it comes
 * later, or is not whole. */
struct hob_text hob_message_early_member(struct hob_text beginning, const char *name);
/* The text of a JSON string, unescaped: false when it is no string. */
bool hob_message_string(struct hob_buffer *out, struct hob_text json);
/* Whether a method, as JSON, is that one, however it is escaped. */
bool hob_message_is_method(struct hob_text method, const char *name);
/* The whole number that a JSON number, or a string of digits, is: false when it is neither. */
bool hob_message_number(uint64_t *number, struct hob_text json);

/* Appends JSON in one line: line ends, which can only stand between its parts, become blanks. */
void hob_message_put_line(struct hob_buffer *out, struct hob_text json);
/* Appends a text with another in place of a part of it, which is a view of it. */
void hob_message_put_replaced(struct hob_buffer *out, struct hob_text text, struct hob_text part,
                              struct hob_text by);
/* Appends JSON, with null in place of NaN and Infinity. False when it cannot be read. */
bool hob_message_put_exact(struct hob_buffer *out, struct hob_text json);
/* Appends {"jsonrpc":"2.0","id":ID,"error":{"code":CODE,"message":...,"data":{"error_type":...,
 * "hint":...}}} without a line end. An empty id is null. */
void hob_message_put_error(struct hob_buffer *out, struct hob_text id, int rpc_code,
                           const struct hob_error *error);
/* Appends only the error object. */
void hob_message_put_error_object(struct hob_buffer *out, int rpc_code,
                                  const struct hob_error *error);

/* Codes of JSON-RPC 2.0, and hob's own from the range that is left to servers. */
enum {
    HOB_RPC_PARSE_ERROR = -32700,
    HOB_RPC_INVALID_REQUEST = -32600,
    HOB_RPC_METHOD_NOT_FOUND = -32601,
    HOB_RPC_INVALID_PARAMS = -32602,
    HOB_RPC_INTERNAL_ERROR = -32603,
    HOB_RPC_WORKER_FAILED = -32001, /* it died, or closed its output */
    HOB_RPC_TIMED_OUT = -32002,
    HOB_RPC_BUSY = -32003, /* the queue is full, or the pool rests */
    HOB_RPC_TOO_LARGE = -32004,
    HOB_RPC_CANCELLED = -32800, /* as in LSP */
};

#endif
