/* write: the formats of records that `hob write` reads from standard input. */
#ifndef HOB_CLI_WRITE_H
#define HOB_CLI_WRITE_H

#include "base/buffer.h"

/* Their names, separated by blanks. */
void hob_write_put_sources(struct hob_buffer *out);

#endif
